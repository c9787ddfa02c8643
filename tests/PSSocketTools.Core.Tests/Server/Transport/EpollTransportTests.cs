#if !NETSTANDARD_BUILD
using System.Net;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Platform;
using PSSocketTools.Server;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport;
using PSSocketTools.Server.Transport.Epoll;
using PSSocketTools.Tls;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>What only the transport over epoll does; what all do is in <see cref="EchoServerTests"/>.</summary>
[Trait("System", "Linux")]
[Collection(nameof(WholeProcess))]
public sealed class EpollTransportTests
{
    private static readonly EchoServerOptions Epoll = new() { Address = "127.0.0.1", Transport = "Epoll" };

    [Fact]
    public void Epoll_is_chosen_where_it_supports_the_options()
    {
        using var server = EchoServer.Start(Epoll with { Transport = null });

        Assert.Equal("Epoll", server.Transport);
    }

    [Fact]
    public async Task A_connection_has_TCP_NODELAY_from_the_socket_that_listens()
    {
        using var listener = SocketOpener.Listen([IPAddress.Loopback], 0, 1).Single();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndPoint!).WaitAsync(Patience.Long);
        using var accepted = await listener.AcceptAsync().WaitAsync(Patience.Long);
        Assert.True(accepted.NoDelay);
    }

    [Theory]
    [InlineData("Epoll", true)]
    [InlineData("Carrier pigeon", false)]
    public void A_transport_that_cannot_serve_is_refused(string transport, bool responder)
    {
        using var answers = new Answers();
        var options = Epoll with { Transport = transport, Responder = responder ? answers : null };

        var exception = Assert.Throws<SocketToolsException>(() => EchoServer.Start(options));

        Assert.Equal(SocketToolsError.InvalidOption, exception.Error);
        Assert.Equal(transport, exception.Target);
        Assert.Contains("PSSOCKETTOOLS_TRANSPORT", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_whose_channel_cannot_be_made_is_closed_and_concerns_no_other()
    {
        using var certificate = TlsClient.MakeCertificate("localhost");
        var record = new ServerRecord(new EventJournal(new ServerIdentity(1, "lab", 7007), 1000, Encoding.UTF8, Clock.System), Clock.System);
        var listeners = SocketOpener.Listen([IPAddress.Loopback], 0, 10);

        // A channel for TLS asks for memory of this size.
        const int BufferSize = -1;
        using var transport = new EpollTransport(
            listeners,
            new ConnectionAdmission(new EchoServerOptions().ToPlan(), record, 10, null),
            BufferSize,
            sequential: false,
            new Handshakes(new TlsServer(certificate), TimeSpan.Zero, limit: 1),
            EpollLoops.Join(alone: true),
            static (exception, _) => Assert.Fail(exception.ToString()));
        transport.Start();
        for (var i = 1; i <= 3; i++)
        {
            using var client = await BareClient.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)listeners[0].LocalEndPoint!).Port);
            Assert.Empty(await client.ReceiveToEndAsync());
        }

        await transport.StopAsync(new CancellationToken(canceled: true)).WaitAsync(Patience.Long);
        Assert.Equal((3, 0), (record.Journal.Errors.Count, record.RejectedConnections));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(65537)]
    [InlineData(3_000_000)]
    public async Task Partial_sends_arrive_whole_whatever_the_buffer(int bufferSize)
    {
        using var server = EchoServer.Start(Epoll with { BufferSize = bufferSize });
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        using var client = new BareClient(await ConnectedAsync(socket, server));
        var sent = new byte[Math.Min(bufferSize * 20_000L, 8_000_000)];
        new Random(bufferSize).NextBytes(sent);

        var sending = Task.Run(async () =>
        {
            await client.SendAsync(sent);
            client.EndOutput();
        });
        var received = new MemoryStream();
        for (var size = 1; received.Length < sent.Length; size = (size * 3) % 50_021)
        {
            received.Write(await client.ReceiveAsync((int)Math.Min(size, sent.Length - received.Length)));
        }

        await sending;
        Assert.Empty(await client.ReceiveToEndAsync());
        Assert.True(sent.AsSpan().SequenceEqual(received.ToArray()));
    }

    [Fact]
    public async Task Urgent_data_blocks_nothing_received_after_it()
    {
        using var server = EchoServer.Start(Epoll);
        using var client = await BareClient.ConnectAsync(server);
        for (var i = 0; i < 200; i++)
        {
            // The urgent byte is out of band (RFC 9293, section 3.8.5), and a receive ends at its mark.
            client.Socket.Send("before"u8);
            client.Socket.Send("!"u8, SocketFlags.OutOfBand);
            client.Socket.Send("after"u8);
            await client.AssertReceivesAsync("beforeafter");
        }
    }

    [Fact]
    public async Task A_fault_in_one_connection_ends_that_one_alone()
    {
        using var server = EchoServer.Start(Epoll with
        {
            Framing = MessageFraming.Line,
            Transform = ResponseTransform.Upper,
            Encoding = new FailingEncoding(),
        });
        using var good = await BareClient.ConnectAsync(server);
        await good.ExchangeAsync("before\n", "BEFORE\n");
        using var bad = await BareClient.ConnectAsync(server);
        await bad.SendAsync("fail\n");
        Assert.Empty(await bad.ReceiveToEndAsync());
        await good.ExchangeAsync("after\n", "AFTER\n");

        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.EndsWith("Error/Failure Disconnected/Failure", events.Story(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_connection_yields_to_the_others()
    {
        using var server = EchoServer.Start(Epoll with { Framing = MessageFraming.Line, FragmentBytes = 1 });
        using var busy = await BareClient.ConnectAsync(server);
        using var other = await BareClient.ConnectAsync(server);
        var sent = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("x\n", 500_000)));
        var sending = busy.SendAsync(sent);
        var receiving = busy.ReceiveAsync(sent.Length);
        await other.ExchangeAsync("between\n");

        // A million sends take seconds, and one answer among them does not.
        Assert.False(receiving.IsCompleted);
        busy.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => receiving);
        await Task.WhenAny(sending);
        await other.ExchangeAsync("afterwards\n");
    }

    [Fact]
    public async Task A_Unix_socket_is_served_with_a_half_close_to_the_last_byte()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var server = EchoServer.Start(new EchoServerOptions { SocketPath = path, Transport = "Epoll" });
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path)).WaitAsync(Patience.Long);
        using var stream = new NetworkStream(socket);
        var sent = new byte[8_000_000];
        new Random(1).NextBytes(sent);

        var sending = Task.Run(async () =>
        {
            await stream.WriteAsync(sent);
            socket.Shutdown(SocketShutdown.Send);
        });
        using var received = new MemoryStream();
        await stream.CopyToAsync(received).WaitAsync(Patience.Long);
        await sending;

        Assert.True(sent.AsSpan().SequenceEqual(received.ToArray()));
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.EndsWith("Disconnected/ClientClosed", events.Story(1), StringComparison.Ordinal);
    }

    private static async Task<Socket> ConnectedAsync(Socket socket, EchoServer server)
    {
        await socket.ConnectAsync(IPAddress.Loopback, server.Port).WaitAsync(Patience.Long);
        return socket;
    }

    /// <summary>
    /// Fails on the server's side of one message, as no code of ours is known to: the first time it is read, on the loop. Later the
    /// journal makes text of the same message, with a copy of the encoding.
    /// </summary>
    private sealed class FailingEncoding() : UTF8Encoding(encoderShouldEmitUTF8Identifier: false)
    {
        private static int _failures;

        public override string GetString(byte[] bytes, int index, int count)
        {
            var text = base.GetString(bytes, index, count);
            return text == "fail" && Interlocked.Exchange(ref _failures, 1) == 0 ? throw new InvalidOperationException("as asked") : text;
        }
    }
}
#endif
