using System.Net;
using System.Net.Sockets;
using PSSocketTools.Client;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Client;

/// <summary>What is told of how a session comes about.</summary>
public sealed class ConnectTraceTests
{
    [Fact]
    public async Task Addresses_are_told_with_how_each_ended()
    {
        var refusing = OwnAddress.Pick();
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        var options = To("several.example", server.Port) with { IPv4 = true };
        var host = new ResolvableName("several.example", _ => Task.FromResult<IPAddress[]>([IPAddress.Parse(refusing), IPAddress.IPv6Loopback, IPAddress.Loopback]));
        var steps = new List<ConnectStep>();

        var (channel, _) = Connector.Connect(options, host, null, new ConnectTrace(options, steps.Add), default);

        using (channel)
        {
            Assert.Equal(
                [
                    ConnectStepKind.Resolved, ConnectStepKind.Resolved, ConnectStepKind.Trying, ConnectStepKind.Failed, ConnectStepKind.Trying,
                    ConnectStepKind.Connected,
                ],
                steps.Select(static step => step.Kind));
            Assert.StartsWith($"The name 'several.example' has the addresses {refusing}, ::1, 127.0.0.1; resolving it took ", steps[0].Message, StringComparison.Ordinal);
            Assert.Equal("Addresses of the other family are left out: ::1.", steps[1].Message);
            Assert.Equal($"Trying {refusing}:{server.Port}.", steps[2].Message);
            Assert.StartsWith($"{refusing}:{server.Port} failed after ", steps[3].Message, StringComparison.Ordinal);
            Assert.EndsWith(" ms: nothing listens there (connection refused).", steps[3].Message, StringComparison.Ordinal);
            Assert.Equal(server.EndPoint, steps[5].EndPoint);
            Assert.EndsWith($" ms; this end is {EndPointText.Of(channel.LocalEndPoint)}.", steps[5].Message, StringComparison.Ordinal);
            Assert.True(steps[3].DurationMilliseconds >= 0);
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public async Task What_ends_a_message_is_told_with_the_framing()
    {
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        foreach (var (change, expected) in new (Func<SessionOptions, SessionOptions>, string)[]
        {
            (static options => options with { Framing = MessageFraming.Delimiter, Delimiter = new MessageDelimiter([0, 3]) }, @"Delimiter '\0\x03'"),
            (static options => options with { LineEnding = LineEnding.CrLf }, "Line CrLf"),
        })
        {
            var told = new List<string>();
            using var session = EchoSession.Connect(change(To("127.0.0.1", server.Port)), null, step => told.Add(step.Message));
            Assert.Equal($"The session is open, with {expected} framing in utf-8.", told[^1]);
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public void A_wait_tells_why_it_goes_on_and_what_is_the_same_not_each_time()
    {
        var options = To("comes.example", 7) with { WaitFor = TimeSpan.FromSeconds(1.5) };
        var host = new ResolvableName("comes.example", _ => Task.FromException<IPAddress[]>(new SocketToolsException(SocketToolsError.NameNotFound, "It has none.")));
        var steps = new List<ConnectStep>();

        Assert.Throws<SocketToolsException>(() => Connector.Connect(options, host, null, new ConnectTrace(options, steps.Add), default));

        Assert.InRange(steps.Count, 1, 3);
        Assert.All(steps, static step => Assert.Equal((ConnectStepKind.Waiting, "Not yet: It has none."), (step.Kind, step.Message)));
    }

    [Fact]
    public async Task The_attempts_of_a_wait_are_counted()
    {
        var address = OwnAddress.Pick();
        var port = FreePort(address);
        EchoServer? server = null;
        var steps = new List<ConnectStep>();
        using (EchoSession.Connect(
            To(address, port) with { WaitFor = Patience.Long },
            null,
            step =>
            {
                steps.Add(step);
                if (step.Kind == ConnectStepKind.Failed)
                {
                    server ??= EchoServer.Start(new EchoServerOptions { Address = address, Port = port });
                }
            }))
        {
            Assert.Equal([ConnectStepKind.Trying, ConnectStepKind.Failed, ConnectStepKind.Connected, ConnectStepKind.Open], steps.Select(static step => step.Kind));
            Assert.StartsWith($"Attempt 1 on {address}:{port} ended after ", steps[1].Message, StringComparison.Ordinal);
            Assert.Equal("The session is open, with Line framing in utf-8.", steps[3].Message);
        }

        await server!.StopAsync(Patience.Long);
    }

    [Fact]
    public async Task An_address_that_does_not_answer_is_told_as_given_up()
    {
        using var full = new FullListener();
        var answering = OwnAddress.Pick();
        var server = EchoServer.Start(new EchoServerOptions { Address = answering, Port = full.Port });
        var options = To("several.example", full.Port);
        var host = new ResolvableName("several.example", _ => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse(answering)]));
        var steps = new List<ConnectStep>();

        var (channel, _) = Connector.Connect(options, host, null, new ConnectTrace(options, steps.Add), default);

        using (channel)
        {
            var last = steps[^1];
            Assert.Equal((ConnectStepKind.Failed, $"127.0.0.1:{full.Port}"), (last.Kind, last.EndPoint));
            Assert.EndsWith(" ms, and the attempt was given up.", last.Message, StringComparison.Ordinal);
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public void An_attempt_that_the_end_of_the_time_cuts_is_told_as_cut()
    {
        using var full = new FullListener();
        var steps = new List<ConnectStep>();

        Assert.Throws<SocketToolsException>(() => EchoSession.Connect(
            To("127.0.0.1", full.Port) with { ConnectTimeout = TimeSpan.FromMilliseconds(100) }, null, steps.Add));

        Assert.Equal(ConnectStepKind.Failed, steps[^1].Kind);
        Assert.StartsWith($"127.0.0.1:{full.Port} was still being tried when the time was up", steps[^1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ConnectStepKind.Connected)]
    [InlineData(ConnectStepKind.Encrypted)]
    [InlineData(ConnectStepKind.Open)]
    public async Task Who_is_told_may_throw_and_nothing_stays_open(ConnectStepKind kind)
    {
        using var certificate = SelfSignedCertificates.Make("localhost");
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Certificate = certificate });
        var options = To("127.0.0.1", server.Port) with { UseTls = true, SkipCertificateCheck = true };

        Assert.Throws<NotSupportedException>(() => EchoSession.Connect(options, null, step =>
        {
            if (step.Kind == kind)
            {
                throw new NotSupportedException();
            }
        }));

        // Stopping in order waits until every client has gone.
        await server.StopAsync(TimeSpan.FromHours(1)).WaitAsync(Patience.Long);
        Assert.Equal(0, server.ActiveConnections);
    }

    private static SessionOptions To(string computer, int port) => new() { ComputerName = computer, Port = port };

    private static int FreePort(string address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
