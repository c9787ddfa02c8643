using System.Net;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server.Faults;

/// <summary>Faults of a UDP server, as a bare client sees them.</summary>
/// <param name="transport">The name of the transport, as EchoServer.Transport shows it.</param>
public abstract class DatagramFaultTests(string transport)
{
    public static TheoryData<string?> Formats => [null, "{0}"];

    [Theory]
    [InlineData(FaultPoint.Message)]
    [InlineData(FaultPoint.Response)]
    public async Task The_first_two_datagrams_are_dropped(FaultPoint at)
    {
        using var server = Start(null);
        var fault = server.AddFault(new() { Kind = FaultKind.Drop, Count = 2, At = at });
        using var client = Connect(server);
        foreach (var message in new[] { "one", "two", "three", "four" })
        {
            await SendAsync(client, message);
        }

        Assert.Equal("three", await ReceiveAsync(client));
        Assert.Equal("four", await ReceiveAsync(client));
        Assert.Equal(2, fault.Struck);
        var events = await server.UntilAsync(ServerEventKind.ResponseSent, 2);
        Assert.Equal(2, events.Count(static e => e.Kind == "FaultStruck"));
        Assert.All(events.Where(static e => e.Kind == "FaultStruck"), e => Assert.Equal(fault.ToString(), e.Fault));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_response_is_sent_twice(string? format)
    {
        using var server = Start(format);
        server.AddFault(new() { Kind = FaultKind.Duplicate, Count = 1 });
        using var client = Connect(server);
        await SendAsync(client, "one");
        await SendAsync(client, "two");
        Assert.Equal(["one", "one", "two"], [await ReceiveAsync(client), await ReceiveAsync(client), await ReceiveAsync(client)]);
        Assert.Equal(3, (await server.UntilAsync(ServerEventKind.ResponseSent, 3)).Count(static e => e.Kind == "ResponseSent"));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Thirty_percent_with_seed_seven_strikes_the_same_datagrams_in_every_run(string? format)
    {
        using var server = Start(format);
        server.AddFault(new() { Kind = FaultKind.Corrupt, Percent = 30, Seed = 7 });
        using var client = Connect(server);
        var struck = new List<int>();
        for (var number = 1; number <= 40; number++)
        {
            await SendAsync(client, "xxxx");
            var answer = await ReceiveAsync(client);
            if (answer != "xxxx")
            {
                Assert.Equal(3, answer.Count(static c => c == 'x'));
                Assert.Equal(1, answer.Count(static c => c == ('x' ^ 0xFF)));
                struck.Add(number);
            }
        }

        Assert.Equal(FaultDrawTests.StruckOfForty, struck);
    }

    [Theory]
    [InlineData(FaultPoint.Message)]
    [InlineData(FaultPoint.Response)]
    public async Task A_delay_that_is_removed_lets_go_at_once_and_keeps_the_order(FaultPoint at)
    {
        using var server = Start(null);
        var fault = server.AddFault(new() { Kind = FaultKind.Delay, MinDelayMilliseconds = 600_000, MaxDelayMilliseconds = 600_000, At = at });
        using var client = Connect(server);
        await SendAsync(client, "one");
        await server.UntilAsync(ServerEventKind.FaultStruck);
        server.RemoveFault(fault);
        await SendAsync(client, "two");
        Assert.Equal(["one", "two"], [await ReceiveAsync(client), await ReceiveAsync(client)]);
    }

    [Fact]
    public async Task Delays_of_a_sender_run_at_the_same_time_and_senders_are_counted_by_themselves()
    {
        using var server = Start(null);
        server.AddFault(new() { Kind = FaultKind.Delay, MinDelayMilliseconds = 0, MaxDelayMilliseconds = 50, Seed = 1 });
        server.AddFault(new() { Kind = FaultKind.Drop, Count = 1, IsPerConnection = true });
        using var first = Connect(server);
        using var second = Connect(server);
        for (var i = 0; i < 50; i++)
        {
            await SendAsync(first, $"{i}");
            await SendAsync(second, $"{i}");
        }

        for (var i = 1; i < 50; i++)
        {
            Assert.Equal($"{i}", await ReceiveAsync(first));
            Assert.Equal($"{i}", await ReceiveAsync(second));
        }
    }

    private EchoServer Start(string? format) => EchoServer.Start(
        new EchoServerOptions { Address = "127.0.0.1", Protocol = SocketProtocol.Udp, Transport = transport, ResponseFormat = format });

    private static Socket Connect(EchoServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, server.Port);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string message) =>
        await socket.SendAsync(Encoding.Latin1.GetBytes(message), SocketFlags.None).WaitAsync(Patience.Long);

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[ushort.MaxValue];
        var count = await socket.ReceiveAsync(buffer, SocketFlags.None).WaitAsync(Patience.Long);
        return Encoding.Latin1.GetString(buffer, 0, count);
    }
}
