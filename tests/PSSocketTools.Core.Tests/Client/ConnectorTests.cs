using System.Net;
using System.Net.Sockets;
using PSSocketTools.Client;
using Xunit;

namespace PSSocketTools.Tests.Client;

public sealed class ConnectorTests
{
    [Fact]
    public void Families_take_turns_beginning_with_the_resolvers_first()
    {
        IPEndPoint[] resolved = [At("192.0.2.1"), At("192.0.2.2"), At("2001:db8::1"), At("192.0.2.3"), At("2001:db8::2")];

        Assert.Equal(
            [At("192.0.2.1"), At("2001:db8::1"), At("192.0.2.2"), At("2001:db8::2"), At("192.0.2.3")],
            Connector.Interleave(resolved));
        Assert.Equal([At("::1"), At("127.0.0.1")], Connector.Interleave([At("::1"), At("127.0.0.1")]));
        Assert.Empty(Connector.Interleave([]));
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
    public void Nobody_there_is_refused_with_the_endpoint_as_target()
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(Options("localhost", FreePort())));

        Assert.Equal(SocketToolsError.ConnectionRefused, error.Error);
        Assert.IsType<string>(error.Target);
    }

    [Fact]
    public void A_name_that_is_none_is_not_found()
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(Options("no.such.host.invalid", 5000)));

        Assert.Equal(SocketToolsError.NameNotFound, error.Error);
        Assert.Equal("no.such.host.invalid", error.Target);
    }

    [Fact]
    public void A_server_that_takes_no_connection_is_a_timeout()
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
        var connecting = Task.Run(() => EchoSession.Connect(Options("127.0.0.1", full.Port) with { ConnectTimeout = TimeSpan.Zero }, stop.Token));

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(TimeSpan.FromSeconds(30)));
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

    /// <summary>A listener whose queue is full, so that the system drops what else knocks.</summary>
    private sealed class FullListener : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _waiting = [];

        public FullListener()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(0);
            Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
            for (var count = 0; count < 4; count++)
            {
                var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                _waiting.Add(client);
                try
                {
                    client.Connect(_listener.LocalEndPoint!);
                }
                catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
                {
                    // Under way, and it stays so.
                }
            }
        }

        public int Port { get; }

        public void Dispose()
        {
            _waiting.ForEach(client => client.Dispose());
            _listener.Dispose();
        }
    }
}
