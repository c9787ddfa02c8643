#if !NETSTANDARD_BUILD
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using PSSocketTools.Platform;
using PSSocketTools.Server;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport;
using PSSocketTools.Server.Transport.Epoll;
using PSSocketTools.Tls;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>Tests of descriptors and threads, which only this transport has; the rest is in <see cref="EchoServerTests"/>.</summary>
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failed_epoll_set_faults_its_servers_and_neither_the_process_nor_the_next_server(bool sequential)
    {
        using (var first = EchoServer.Start(Epoll with { IsSequential = sequential, Framing = MessageFraming.Line, IdleTimeout = TimeSpan.FromHours(1) }))
        using (var second = EchoServer.Start(Epoll))
        using (var client = await BareClient.ConnectAsync(first))
        {
            await client.ExchangeAsync("before\n");
            var loops = EpollLoops.Shared!;
            for (var i = 0; i < loops.Count; i++)
            {
                Break(loops.Next());
            }

            var events = await first.UntilAsync(ServerEventKind.Disconnected);
            Assert.EndsWith("Error/Failure Disconnected/Failure", events.Story(1), StringComparison.Ordinal);
            Assert.Equal(0, await ReceiveAsync(client));
            await second.UntilAsync(ServerEventKind.Error);
            Assert.Equal(("Faulted", "Faulted"), (first.State, second.State));
            Assert.All(new[] { first, second }, static server => Assert.False(string.IsNullOrEmpty(server.Error)));

            // Other loops are there for who comes next.
            using (var third = EchoServer.Start(Epoll))
            using (var other = await BareClient.ConnectAsync(third))
            {
                await other.ExchangeAsync("after");
            }

            await first.StopAsync(Patience.Long).WaitAsync(Patience.Long);
            await second.StopAsync(Patience.Long).WaitAsync(Patience.Long);
            Assert.Equal(("Stopped", "Stopped", 0), (first.State, second.State, first.ActiveConnections));
        }

        Assert.Equal(0, EpollLoop.Running);

        static async Task<int> ReceiveAsync(BareClient client)
        {
            try
            {
                return await client.Socket.ReceiveAsync(new byte[1]).WaitAsync(Patience.Long);
            }
            catch (SocketException)
            {
                return 0;
            }
        }

        static void Break(EpollLoop loop)
        {
            // Puts something in the place of its descriptor that can't be waited with, and has it wait anew.
            using var other = File.OpenHandle("/dev/null");
            Assert.Equal(loop.Descriptor, Duplicate((int)other.DangerousGetHandle(), loop.Descriptor));
            loop.Post(static () => { }, static _ => { });
        }
    }

    [DllImport("libc", EntryPoint = "dup2")]
    private static extern int Duplicate(int from, int to);

    [Fact]
    public async Task Its_threads_start_with_the_first_server_and_end_with_the_last()
    {
        Assert.Equal(0, EpollLoop.Running);
        var first = EchoServer.Start(Epoll);
        var loops = EpollLoop.Running;
        Assert.InRange(loops, 1, Environment.ProcessorCount);

        var second = EchoServer.Start(Epoll);
        Assert.Equal(loops, EpollLoop.Running);
        await first.StopAsync(TimeSpan.Zero);
        using (var client = await BareClient.ConnectAsync(second))
        {
            await client.ExchangeAsync("still here");
        }

        await second.StopAsync(TimeSpan.Zero);
        Assert.Equal(0, EpollLoop.Running);
    }

    [Fact]
    public async Task Servers_with_a_log_have_a_loop_of_their_own()
    {
        var log = Path.GetTempFileName();
        try
        {
            using var logging = EchoServer.Start(Epoll with { LogPath = log });
            var own = EpollLoop.Running;
            using var other = EchoServer.Start(Epoll);

            Assert.True(EpollLoop.Running > own);
            using var client = await BareClient.ConnectAsync(logging);
            await client.ExchangeAsync("noted");
        }
        finally
        {
            File.Delete(log);
        }
    }

    [Fact]
    public async Task Connecting_and_disconnecting_leaks_no_descriptor()
    {
        var before = CountDescriptors();
        using (var server = EchoServer.Start(Epoll))
        {
            for (var i = 0; i < 1000; i++)
            {
                using var client = await BareClient.ConnectAsync(server);
                if (i % 2 == 0)
                {
                    await client.ExchangeAsync("x");
                }

                if (i % 3 == 0)
                {
                    client.Reset();
                }
            }

            await server.UntilAsync(ServerEventKind.Disconnected, 1000);
            Assert.Equal(0, server.ActiveConnections);
        }

        // Fewer are fine: whatever ran before may have left some to the garbage collector.
        Assert.True(SpinWait.SpinUntil(() => CountDescriptors() <= before, Patience.Long), $"{before} before, {CountDescriptors()} after");
    }

    [Fact]
    public async Task Handshakes_leak_no_descriptor_however_they_end()
    {
        using var certificate = TlsClient.MakeCertificate("localhost");
        var before = CountDescriptors();
        using (var server = EchoServer.Start(Epoll with { Certificate = certificate, HandshakeTimeout = TimeSpan.FromHours(1) }))
        {
            var waiting = new List<BareClient>();
            for (var i = 0; i < 100; i++)
            {
                var client = await BareClient.ConnectAsync(server);
                waiting.Add(client);
                if (i % 4 == 1)
                {
                    await client.SendAsync([22, 3, 1, 2, 0]);
                }
                else if (i % 4 == 2)
                {
                    client.Reset();
                }
                else if (i % 4 == 3)
                {
                    await using var stream = await client.AuthenticateAsync(certificate);
                }
            }

            await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
            waiting.ForEach(static client => client.Dispose());
        }

        Assert.True(SpinWait.SpinUntil(() => CountDescriptors() <= before, Patience.Long), $"{before} before, {CountDescriptors()} after");
    }

    [Fact]
    public async Task An_idle_connection_costs_less_than_4_KiB_of_managed_memory()
    {
        // Each takes two descriptors here, the client's being the same process's.
        var count = Math.Min(10_000, (DescriptorLimit.Available() / 2) - 100);
        using var server = EchoServer.Start(Epoll with { MaxConnections = count });
        var clients = new List<Socket>(count);
        try
        {
            await server.UntilAsync(ServerEventKind.Started);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            for (var i = 0; i < count; i++)
            {
                var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                clients.Add(client);
                client.Connect(IPAddress.Loopback, server.Port);
            }

            Assert.True(SpinWait.SpinUntil(() => server.ActiveConnections == count, Patience.Long));
            var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / count;

            // The client's half is in it, which is less than the server's; what others left behind may be collected meanwhile.
            Assert.InRange(each, long.MinValue, 4096);

            // And they are served: the last one among them all.
            using var last = new BareClient(clients[^1]);
            await last.ExchangeAsync("one of many");
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }
    }

    [Theory]
    [InlineData(MessageFraming.Auto, null)]
    [InlineData(MessageFraming.Line, null)]
    [InlineData(MessageFraming.Line, "Echo: {0}")]
    public void A_message_allocates_nothing(MessageFraming framing, string? format)
    {
        using var server = EchoServer.Start(Epoll with { Framing = framing, ResponseFormat = format });
        using var stream = Connect(server);
        AssertAllocatesNothing(stream);
    }

    [Fact]
    public void A_message_over_TLS_allocates_nothing()
    {
        using var certificate = TlsClient.MakeCertificate("localhost");
        using var server = EchoServer.Start(Epoll with { Certificate = certificate });
        using var stream = new SslStream(Connect(server), leaveInnerStreamOpen: false, (_, shown, _, _) => shown?.GetCertHashString() == certificate.Thumbprint);
        stream.AuthenticateAsClient("localhost");
        AssertAllocatesNothing(stream);
    }

    private static NetworkStream Connect(EchoServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, server.Port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static void AssertAllocatesNothing(Stream stream)
    {
        var message = "A message of a usual length with its line end\n"u8.ToArray();
        var answer = new byte[256];
        Exchange(20_000);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        Exchange(10_000);
        var each = (GC.GetTotalAllocatedBytes(precise: true) - before) / 10_000.0;

        // The compiler and the test runner in the background allocate a little meanwhile; the smallest object has 24.
        Assert.InRange(each, 0, 16);

        void Exchange(int times)
        {
            for (var i = 0; i < times; i++)
            {
                stream.Write(message);
                for (var received = 0; received == 0 || answer[received - 1] != '\n';)
                {
                    received += stream.Read(answer, received, answer.Length - received);
                }
            }
        }
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

    private static int CountDescriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

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
