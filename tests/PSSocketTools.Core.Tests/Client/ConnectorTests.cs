using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Client;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Client;

public sealed class ConnectorTests
{
    [Fact]
    public void Address_families_alternate_beginning_with_the_resolvers_first()
    {
        IPEndPoint[] resolved = [At("192.0.2.1"), At("192.0.2.2"), At("2001:db8::1"), At("192.0.2.3"), At("2001:db8::2")];

        Assert.Equal(
            [At("192.0.2.1"), At("2001:db8::1"), At("192.0.2.2"), At("2001:db8::2"), At("192.0.2.3")],
            Connector.Interleave(resolved));
        Assert.Equal([At("::1"), At("127.0.0.1")], Connector.Interleave([At("::1"), At("127.0.0.1")]));
        Assert.Empty(Connector.Interleave([]));
    }

    [Fact]
    public void The_holder_of_a_datagram_port_is_not_looked_up()
    {
        IPEndPoint[] loopback = [At("127.0.0.1"), At("::1")];

        Assert.Equal([At("::1"), At("127.0.0.1")], Connector.UsedPortsFirst(loopback, new TableWithoutOwners(At("::1"))));
        Assert.Equal(loopback, Connector.UsedPortsFirst(loopback, new TableWithoutOwners(At("127.0.0.1"))));
        Assert.Equal(loopback, Connector.UsedPortsFirst(loopback, new TableWithoutOwners()));
    }

    [Theory]
    [InlineData("127.0.0.1", SocketProtocol.Tcp)]
    [InlineData("::1", SocketProtocol.Tcp)]
    [InlineData("127.0.0.1", SocketProtocol.Udp)]
    [InlineData("::1", SocketProtocol.Udp)]
    public async Task Localhost_reaches_a_server_that_listens_on_one_family_alone(string address, SocketProtocol protocol)
    {
        var server = EchoServer.Start(new EchoServerOptions { Address = address, Protocol = protocol });
        using (var session = EchoSession.Connect(Options("localhost", server.Port) with
        {
            Protocol = protocol,
            Framing = protocol == SocketProtocol.Udp ? MessageFraming.None : MessageFraming.Line,
        }))
        {
            Assert.Equal(server.EndPoint, session.RemoteEndPoint);
            Assert.Equal("oi", session.Send("oi").Response);
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public void A_refused_connection_is_an_error_with_the_endpoint_as_target()
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(Options("localhost", FreePort())));

        Assert.Equal(SocketToolsError.ConnectionRefused, error.Error);
        Assert.IsType<string>(error.Target);
    }

    [Fact]
    public void An_unknown_name_is_not_found()
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(Options("no.such.host.invalid", 5000)));

        Assert.Equal(SocketToolsError.NameNotFound, error.Error);
        Assert.Equal("no.such.host.invalid", error.Target);
    }

    [Fact]
    public void A_server_that_accepts_no_connection_is_a_timeout()
    {
        using var full = new FullListener();

        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(
            Options("127.0.0.1", full.Port) with { ConnectTimeout = TimeSpan.FromMilliseconds(100) }));

        Assert.Equal(SocketToolsError.ConnectTimeout, error.Error);
    }

    [Fact]
    public async Task A_connect_is_cancelled_at_once()
    {
        using var full = new FullListener();
        using var stop = new CancellationTokenSource();
        var connecting = Task.Run(() => EchoSession.Connect(Options("127.0.0.1", full.Port) with { ConnectTimeout = TimeSpan.Zero }, cancellationToken: stop.Token));

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_server_that_starts_later_is_waited_for()
    {
        var port = FreePort();
        using var asked = new ManualResetEventSlim();
        var waiting = Task.Run(() => EchoSession.Connect(
            Options("127.0.0.1", port) with { WaitFor = Patience.Long },
            reason =>
            {
                if (reason?.Error == SocketToolsError.ConnectionRefused)
                {
                    asked.Set();
                }
            }));
        Assert.True(asked.Wait(Patience.Long));

        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Port = port });

        using (var session = await waiting.WaitAsync(Patience.Long))
        {
            Assert.Equal("oi", session.Send("oi").Response);
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public async Task A_wait_resolves_a_name_again_and_leaves_the_connect_timeout_whole()
    {
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        var questions = 0;
        var host = new ResolvableName("later.example", _ => questions++ == 0
            ? Task.FromException<IPAddress[]>(new SocketToolsException(SocketToolsError.NameNotFound, "no address"))
            : Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        var clock = Stopwatch.StartNew();

        var (channel, time) = Connector.Connect(Options("later.example", server.Port) with { WaitFor = Patience.Long }, host, null, null, default);

        using (channel)
        {
            Assert.Equal(2, questions);
            Assert.True(time < clock.Elapsed - TimeSpan.FromMilliseconds(500), $"{time} of {clock.Elapsed}");
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public async Task A_wait_abandons_a_silent_address_that_the_name_no_longer_has()
    {
        using var full = new FullListener();
        var server = EchoServer.Start(new EchoServerOptions { Address = "::1", Port = full.Port });
        var questions = 0;
        var host = new ResolvableName("moves.example", _ => Task.FromResult<IPAddress[]>([questions++ == 0 ? IPAddress.Loopback : IPAddress.IPv6Loopback]));

        var (channel, _) = Connector.Connect(
            Options("moves.example", full.Port) with { WaitFor = Patience.Long, ConnectTimeout = TimeSpan.Zero }, host, null, null, default);

        using (channel)
        {
            Assert.Equal(server.EndPoint, EndPointText.Of(channel.RemoteEndPoint));
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public void A_wait_resolves_a_name_once_a_second_however_often_it_tries()
    {
        var questions = 0;
        var host = new ResolvableName("refuses.example", _ =>
        {
            questions++;
            return Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        });
        var clock = Stopwatch.StartNew();

        var error = Assert.Throws<SocketToolsException>(() => Connector.Connect(
            Options("refuses.example", FreePort()) with { WaitFor = TimeSpan.FromSeconds(1.5) }, host, null, null, default));

        Assert.Equal(SocketToolsError.ConnectionRefused, error.Error);
        Assert.InRange(questions, 1, (int)clock.Elapsed.TotalSeconds + 1);
    }

    [Fact]
    public void A_proxy_that_closes_at_once_is_waited_for_in_a_tls_handshake_too()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(10);
        var accepted = 0;
        var proxy = Task.Factory.StartNew(
            () =>
            {
                while (accepted < 3)
                {
                    listener.Accept().Dispose();
                    accepted++;
                }
            },
            TaskCreationOptions.LongRunning);
        var options = Options("127.0.0.1", ((IPEndPoint)listener.LocalEndPoint!).Port) with { UseTls = true, WaitFor = Patience.Long };
        using var stop = new CancellationTokenSource();
        _ = proxy.ContinueWith(_ => stop.Cancel(), TaskScheduler.Default);

        Assert.ThrowsAny<OperationCanceledException>(() => EchoSession.Connect(options, cancellationToken: stop.Token));

        Assert.Equal(3, accepted);
    }

    [Fact]
    public void Loopback_is_retried_at_a_constant_interval_and_others_with_back_off()
    {
        var near = ConnectPace.RetryDelay;
        var far = ConnectPace.RetryDelay;
        for (var attempt = 0; attempt < 20; attempt++)
        {
            near = ConnectPace.NextRetryDelay(near, isNear: true);
            var next = ConnectPace.NextRetryDelay(far, isNear: false);
            Assert.True(next > far || next == TimeSpan.FromSeconds(1));
            far = next;
        }

        Assert.Equal(ConnectPace.RetryDelay, near);
        Assert.Equal(TimeSpan.FromSeconds(1), far);
    }

    [Theory]
    [InlineData(0, SocketProtocol.Tcp, MessageFraming.Line, false)]
    [InlineData(65536, SocketProtocol.Tcp, MessageFraming.Line, false)]
    [InlineData(5000, SocketProtocol.Udp, MessageFraming.Line, false)]
    [InlineData(5000, SocketProtocol.Udp, MessageFraming.None, true)]
    [InlineData(0, SocketProtocol.Unix, MessageFraming.Line, false)]
    public void Options_that_do_not_belong_together_are_refused(int port, SocketProtocol protocol, MessageFraming framing, bool useTls)
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(
            Options("127.0.0.1", port) with { Protocol = protocol, Framing = framing, UseTls = useTls }));

        Assert.Equal(SocketToolsError.InvalidOption, error.Error);
    }

    private static SessionOptions Options(string computer, int port) => new() { ComputerName = computer, Port = port };

    private static IPEndPoint At(string address) => new(IPAddress.Parse(address), 5000);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Sockets whose owners nobody may look up.</summary>
    private sealed class TableWithoutOwners(params IPEndPoint[] bound) : SocketTable
    {
        public override IReadOnlyList<SocketEntry> Entries { get; } =
            [.. bound.Select(endPoint => new SocketEntry(SocketProtocol.Udp, endPoint.Address, endPoint.Port, IPAddress.Any, 0, PortHolderState.Bound, 1))];

        public override IReadOnlyList<SocketOwner> OwnersOf(SocketEntry entry) => throw new InvalidOperationException("The owner was looked up.");
    }
}
