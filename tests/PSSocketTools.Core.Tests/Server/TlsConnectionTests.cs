using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>What clients do to connections over TLS: large messages, slow readers, and every way to leave.</summary>
/// <param name="transport">The name of the transport, as EchoServer.Transport shows it.</param>
public abstract class TlsConnectionTests(string transport) : IDisposable
{
    private readonly string _address = OwnAddress.Pick();
    private readonly X509Certificate2 _certificate = TlsClient.MakeCertificate("localhost");

    private EchoServerOptions Tls => new() { Address = _address, Certificate = _certificate };

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(1, 3000)]
    [InlineData(7, 70_000)]
    [InlineData(4096, 3_000_000)]
    [InlineData(65536, 20_000_000)]
    public async Task Bytes_are_echoed_whole_whatever_the_buffer_and_the_reader(int bufferSize, int count)
    {
        using var server = Start(Tls with { BufferSize = bufferSize });
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate);
        var sent = new byte[count];
        new Random(862).NextBytes(sent);

        // All is written before anything is read, as far as the buffers between the two take it, so that the server's sends block.
        var writing = Task.Run(async () =>
        {
            await stream.WriteAsync(sent);
            await stream.ShutdownAsync();
        });
        await Task.WhenAny(writing, server.UntilAsync(ServerEventKind.MessageReceived));
        using var received = new MemoryStream();
        await stream.CopyToAsync(received).WaitAsync(Patience.Long);
        await writing.WaitAsync(Patience.Long);

        Assert.True(sent.AsSpan().SequenceEqual(received.ToArray()));
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("ClientClosed", events[^1].Reason);
        Assert.Equal((count, count), (server.BytesReceived, server.BytesSent));
    }

    [Fact]
    public async Task Records_that_come_in_pieces_are_put_together()
    {
        using var server = Start(Tls);
        using var client = await BareClient.ConnectAsync(server);
        using var pieces = new PiecewiseStream(client);
        await using var stream = new SslStream(pieces, leaveInnerStreamOpen: true, (_, shown, _, _) => shown?.GetCertHashString() == _certificate.Thumbprint);
        await stream.AuthenticateAsClientAsync("localhost").WaitAsync(Patience.Long);

        await stream.ExchangeAsync("in pieces"u8.ToArray());
        await stream.ExchangeAsync("and again"u8.ToArray());
    }

    [Fact]
    public async Task Many_clients_connect_at_once()
    {
        using var server = Start(Tls);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(async () =>
        {
            using var client = await BareClient.ConnectAsync(server);
            await using var stream = await client.AuthenticateAsync(_certificate);
            for (var n = 0; n < 10; n++)
            {
                await stream.ExchangeAsync([(byte)i, (byte)n, 3]);
            }

            await stream.ShutdownAsync();
            Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience.Long));
        })));

        var events = await server.UntilAsync(ServerEventKind.Disconnected, 64);
        Assert.All(events.Where(static e => e.Kind == "Disconnected"), static e => Assert.Equal("ClientClosed", e.Reason));
        Assert.Equal((64, 640), (server.TotalConnections, server.MessagesReceived));
        Assert.DoesNotContain(events, static e => e.Kind == "Error");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_client_that_leaves_in_the_middle_of_its_handshake_is_told_as_that(bool resets, bool startsRecord)
    {
        using var server = Start(Tls);
        using (var client = await BareClient.ConnectAsync(server))
        {
            if (startsRecord)
            {
                await client.SendAsync([22, 3, 1, 2, 0, 1]);
            }

            if (resets)
            {
                client.Reset();
            }
        }

        var events = await server.UntilAsync(ServerEventKind.Error);
        Assert.Equal("Error/HandshakeFailed", events.Story(1));
        await AssertServesAsync(server);
    }

    [Fact]
    public async Task A_client_that_sends_garbage_instead_of_the_rest_of_its_handshake_is_told_as_that()
    {
        using var server = Start(Tls);
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync([22, 3, 1, 0, 4, 1, 2, 3, 4]);

        var events = await server.UntilAsync(ServerEventKind.Error);
        Assert.Equal("Error/HandshakeFailed", events.Story(1));
        await AssertServesAsync(server);
    }

    [Theory]
    [InlineData(new byte[] { 23, 3, 3, 0, 200, 1, 2, 3 }, true)]
    [InlineData(new byte[] { 23, 3, 3, 0, 32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 }, false)]
    [InlineData(new byte[] { 71, 69, 84, 32, 47, 32, 72, 84, 84, 80 }, false)]
    public async Task A_connection_with_half_a_record_or_a_wrong_one_is_lost(byte[] bytes, bool isHalf)
    {
        using var server = Start(Tls);
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate);
        await stream.ExchangeAsync("before"u8.ToArray());
        await client.SendAsync(bytes);
        if (isHalf)
        {
            client.EndOutput();
        }

        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Connected MessageReceived ResponseSent Disconnected/Reset", events.Story(1));
        await AssertServesAsync(server);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_ends_its_side_gets_its_last_response_and_an_orderly_end(bool sendsCloseNotify)
    {
        using var server = Start(Tls with { Framing = MessageFraming.Line, MinDelayMilliseconds = 300, MaxDelayMilliseconds = 300 });
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate);
        await stream.WriteAsync("last\n"u8.ToArray());
        if (sendsCloseNotify)
        {
            await stream.ShutdownAsync().WaitAsync(Patience.Long);
        }
        else
        {
            client.EndOutput();
        }

        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer).WaitAsync(Patience.Long);
        Assert.Equal("last\n"u8.ToArray(), answer.ToArray());
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("ClientClosed", events[^1].Reason);
        Assert.Contains(events, static e => e.Kind == "HalfClosed");
    }

    [Fact]
    public async Task A_stop_sends_the_response_that_is_pending_and_ends_in_order()
    {
        using var server = Start(Tls with { Framing = MessageFraming.Line, MinDelayMilliseconds = 500, MaxDelayMilliseconds = 500 });
        using var idle = await BareClient.ConnectAsync(server);
        await using var idleStream = await idle.AuthenticateAsync(_certificate);
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate);
        await stream.WriteAsync("pending\n"u8.ToArray());
        await server.UntilAsync(ServerEventKind.MessageReceived);
        var stopping = server.StopAsync(TimeSpan.FromMinutes(5));

        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer).WaitAsync(Patience.Long);
        Assert.Equal("pending\n"u8.ToArray(), answer.ToArray());
        Assert.Equal(0, await idleStream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience.Long));
        await stopping.WaitAsync(Patience.Long);
        Assert.All(server.GetEvents().Where(static e => e.Kind == "Disconnected"), static e => Assert.Equal("ServerStopped", e.Reason));
    }

    [Fact]
    public async Task A_server_stops_while_clients_connect_and_while_they_read_nothing()
    {
        using var server = Start(Tls);
        using var reader = await BareClient.ConnectAsync(server);
        await using var unread = await reader.AuthenticateAsync(_certificate);
        var writing = unread.WriteAsync(new byte[64 * 1024 * 1024]).AsTask();
        await server.UntilAsync(ServerEventKind.MessageReceived);
        var connecting = Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
        {
            using var client = await BareClient.ConnectAsync(server);
            await using var stream = await client.AuthenticateAsync(_certificate);
            await stream.ExchangeAsync("hello"u8.ToArray());
        })).ToList();

        await Task.WhenAny(connecting);
        await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);

        // Each was served, or ended by the stop.
        await Task.WhenAll(connecting.Append(writing)).ContinueWith(static _ => { }, TaskScheduler.Default).WaitAsync(Patience.Long);
        Assert.Equal(0, server.ActiveConnections);
    }

    protected virtual void Dispose(bool disposing) => _certificate.Dispose();

    private async Task AssertServesAsync(EchoServer server)
    {
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate);
        await stream.ExchangeAsync("still here"u8.ToArray());
    }

    private EchoServer Start(EchoServerOptions options)
    {
        var server = EchoServer.Start(options with { Transport = transport });
        Assert.Equal(transport, server.Transport);
        return server;
    }

    /// <summary>Sends each byte by itself.</summary>
    private sealed class PiecewiseStream(BareClient client) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            client.Socket.ReceiveAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                _ = await client.Socket.SendAsync(buffer.Slice(i, 1), cancellationToken);
            }
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

public sealed class AsyncTlsConnectionTests() : TlsConnectionTests("Async");

#if !NETSTANDARD_BUILD
[Trait("System", "Linux")]
public sealed class EpollTlsConnectionTests() : TlsConnectionTests("Epoll");
#endif
