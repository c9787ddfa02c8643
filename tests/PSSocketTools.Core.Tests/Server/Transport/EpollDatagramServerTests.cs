#if !NETSTANDARD_BUILD
using System.Net;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Server.Transport.Epoll;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

[Trait("System", "Linux")]
public sealed class EpollDatagramServerTests() : DatagramServerTests("Epoll")
{
    private static readonly EchoServerOptions Own = new() { Address = "127.0.0.1", Protocol = SocketProtocol.Udp };

    [Fact]
    public void Epoll_is_chosen_where_it_supports_the_options()
    {
        using var server = EchoServer.Start(Own);
        Assert.Equal("Epoll", server.Transport);

        using var answers = new Answers();
        using var asking = EchoServer.Start(Own with { Responder = answers });
        Assert.Equal("Async", asking.Transport);
        var error = Assert.Throws<SocketToolsException>(() => EchoServer.Start(Own with { Responder = answers, Transport = "Epoll" }));
        Assert.Equal((SocketToolsError.InvalidOption, (object)"Epoll"), (error.Error, error.Target));
    }

    [Fact]
    public async Task What_is_sent_to_everybody_is_answered_from_an_address_that_can_send()
    {
        using var server = EchoServer.Start(Own with { Address = "Any" });
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        foreach (var (text, address) in new[] { ("one", "127.0.0.1"), ("all", "127.255.255.255"), ("two", "127.0.0.2") })
        {
            socket.SendTo(Encoding.ASCII.GetBytes(text), new IPEndPoint(IPAddress.Parse(address), server.Port));
        }

        var received = new List<string>();
        var buffer = new byte[100];
        for (var i = 0; i < 3; i++)
        {
            var result = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(Patience.Long);
            received.Add($"{Encoding.ASCII.GetString(buffer, 0, result.ReceivedBytes)} {((IPEndPoint)result.RemoteEndPoint).Address}");
        }

        Assert.Equal(["one 127.0.0.1", "all 127.0.0.1", "two 127.0.0.2"], received);
        Assert.Equal(0, server.Errors);
    }

    [Fact]
    public async Task A_socket_whose_loop_is_busy_with_another_server_is_served_all_the_same()
    {
        using var busy = EchoServer.Start(Own);
        using var other = EchoServer.Start(Own);
        using var flood = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        flood.Connect(IPAddress.Loopback, busy.Port);
        client.Connect(IPAddress.Loopback, other.Port);
        using var stop = new CancellationTokenSource();
        var flooding = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                flood.Send("again"u8.ToArray());
            }
        });
        await busy.UntilAsync(ServerEventKind.ResponseSent, 100);
        for (var i = 0; i < 20; i++)
        {
            client.Send(Encoding.ASCII.GetBytes($"{i}"));
            Assert.Equal($"{i}", await ReceiveAsync(client));
        }

        await stop.CancelAsync();
        await flooding.WaitAsync(Patience.Long);
    }

    [Fact]
    public async Task Datagrams_that_waited_together_are_answered_in_order_and_so_is_one_after_them()
    {
        using var server = EchoServer.Start(Own);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        client.Connect(IPAddress.Loopback, server.Port);
        string[] sent = [.. Enumerable.Range(0, 100).Select(static i => $"{i}")];
        WithLoopsHeld(() => Array.ForEach(sent, text => client.Send(Encoding.ASCII.GetBytes(text))));
        for (var i = 0; i < sent.Length; i++)
        {
            Assert.Equal(sent[i], await ReceiveAsync(client));
        }

        for (var i = 0; i < 3; i++)
        {
            client.Send("after"u8.ToArray());
            Assert.Equal("after", await ReceiveAsync(client));
        }

        await server.UntilAsync(ServerEventKind.ResponseSent, sent.Length + 3);
        string[] expected = [.. sent, "after", "after", "after"];
        foreach (var kind in new[] { ServerEventKind.MessageReceived, ServerEventKind.ResponseSent })
        {
            Assert.Equal(expected, server.GetEvents([kind]).Select(static e => e.Message));
        }
    }

    [Fact]
    public async Task A_flood_does_not_delay_a_stop()
    {
        using var server = EchoServer.Start(Own);
        using var flood = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        flood.Connect(IPAddress.Loopback, server.Port);
        using var stop = new CancellationTokenSource();
        var flooding = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                // Once the server is stopped the system tells that the port is closed.
                _ = flood.Send("again"u8.ToArray(), SocketFlags.None, out _);
            }
        });
        await server.UntilAsync(ServerEventKind.ResponseSent, 100);
        await server.StopAsync(Patience.Long).WaitAsync(Patience.Long);
        Assert.Equal(("Stopped", 0), (server.State, server.Errors));
        await stop.CancelAsync();
        await flooding.WaitAsync(Patience.Long);
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[100];
        var count = await socket.ReceiveAsync(buffer, SocketFlags.None).WaitAsync(Patience.Long);
        return Encoding.ASCII.GetString(buffer, 0, count);
    }

    /// <summary>Does something while no loop runs its sources, so that a server finds all of it at once.</summary>
    private static void WithLoopsHeld(Action action)
    {
        var loops = EpollLoops.Shared!;
        using var held = new CountdownEvent(loops.Count);
        using var release = new ManualResetEventSlim();
        using var released = new CountdownEvent(loops.Count);
        for (var i = 0; i < loops.Count; i++)
        {
            loops.Next().Post(
                () =>
                {
                    held.Signal();
                    release.Wait(Patience.Long);
                    released.Signal();
                },
                static _ => { });
        }

        try
        {
            Assert.True(held.Wait(Patience.Long));
            action();
        }
        finally
        {
            release.Set();
            Assert.True(released.Wait(Patience.Long));
        }
    }
}
#endif
