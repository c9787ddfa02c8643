using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>The handshakes, certificates and limits of a server over TLS.</summary>
/// <param name="transport">The name of the transport, as EchoServer.Transport shows it.</param>
public abstract class TlsEchoServerTests(string transport) : IDisposable
{
    private readonly string _address = OwnAddress.Pick();
    private readonly X509Certificate2 _certificate = TlsClient.MakeCertificate("localhost");

    private EchoServerOptions Tls => new() { Address = _address, Certificate = _certificate, Transport = transport };

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void The_transport_is_the_one_that_was_asked_for()
    {
        using var server = EchoServer.Start(Tls);

        Assert.Equal(transport, server.Transport);
    }

    [Fact]
    public async Task A_client_that_never_finishes_its_handshake_is_dropped()
    {
        using var server = EchoServer.Start(Tls with { HandshakeTimeout = TimeSpan.FromSeconds(2.5) });
        using var client = await BareClient.ConnectAsync(server);

        var events = await server.UntilAsync(ServerEventKind.Error);
        Assert.Equal("Error/HandshakeFailed", events.Story(1));
        Assert.Contains(2.5.ToString(CultureInfo.CurrentCulture), events.Single(static e => e.Kind == "Error").Message, StringComparison.Ordinal);
        Assert.Equal(0, server.ActiveConnections);

        // An alert and a FIN, which show a client without TLS that the server speaks it.
        Assert.Equal([21, 3, 3, 0, 2, 2, 10], await client.ReceiveToEndAsync());
    }

    [Fact]
    public async Task A_client_that_has_begun_its_handshake_gets_no_plaintext_alert_when_it_takes_too_long()
    {
        using var server = EchoServer.Start(Tls with { HandshakeTimeout = TimeSpan.FromSeconds(2.5) });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync(await MakeClientHelloAsync());

        // With TLS 1.3 all that follows the ServerHello is encrypted (RFC 8446, section 4.3), and a plaintext alert would be a violation.
        var received = await client.ReceiveToEndAsync();
        Assert.Equal(22, received[0]);
        Assert.NotEqual([21, 3, 3, 0, 2, 2, 10], received[^7..]);
        var events = await server.UntilAsync(ServerEventKind.Error);
        Assert.Equal("Error/HandshakeFailed", events.Story(1));
    }

    private static async Task<byte[]> MakeClientHelloAsync()
    {
        using var sent = new MemoryStream();
        await using var stream = new SslStream(sent);
        await Assert.ThrowsAsync<IOException>(() => stream.AuthenticateAsClientAsync("localhost"));
        return sent.ToArray();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64 * 1024)]
    public async Task A_client_that_does_not_speak_TLS_gets_an_alert_and_a_FIN_at_once(int sent)
    {
        using var server = EchoServer.Start(Tls);
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync(new string('x', sent));

        Assert.Equal([21, 3, 3, 0, 2, 2, 10], await client.ReceiveToEndAsync());
        var events = await server.UntilAsync(ServerEventKind.Error);
        Assert.Equal("Error/HandshakeFailed", events.Story(1));
        Assert.Contains("does not speak TLS", events.Single(static e => e.Kind == "Error").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Clients_that_do_not_finish_their_handshake_do_not_count_as_connections_and_delay_no_stop(bool sequential)
    {
        using var server = EchoServer.Start(Tls with { MaxConnections = 1, IsSequential = sequential, HandshakeTimeout = TimeSpan.FromHours(1) });
        using var silent = await BareClient.ConnectAsync(server);
        using var half = await BareClient.ConnectAsync(server);
        await half.SendAsync([22, 3, 1, 2, 0]);

        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate);
        await stream.ExchangeAsync("abc"u8.ToArray());
        Assert.Equal((1, 1), (server.ActiveConnections, server.TotalConnections));

        client.Dispose();
        await server.StopAsync(TimeSpan.FromHours(1)).WaitAsync(Patience.Long);
        Assert.DoesNotContain(server.GetEvents(), static e => e.Kind == "Error");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_certificate_of_the_servers_own_is_disposed_of_when_it_stops_or_does_not_start_and_no_other(bool owns)
    {
        using var certificate = TlsClient.MakeCertificate("localhost");
        await using (var server = new Stopping(EchoServer.Start(Tls with { Certificate = certificate, OwnsCertificate = owns })))
        {
            Assert.NotEqual(IntPtr.Zero, certificate.Handle);

            // The port is taken, by this server itself.
            using var other = TlsClient.MakeCertificate("localhost");
            Assert.Throws<SocketToolsException>(() => EchoServer.Start(Tls with { Port = server.Server.Port, Certificate = other, OwnsCertificate = owns }));
            Assert.Equal(owns, other.Handle == IntPtr.Zero);
            using var third = TlsClient.MakeCertificate("localhost");
            Assert.Throws<SocketToolsException>(() => EchoServer.Start(Tls with { BufferSize = -1, Certificate = third, OwnsCertificate = owns }));
            Assert.Equal(owns, third.Handle == IntPtr.Zero);
        }

        Assert.Equal(owns, certificate.Handle == IntPtr.Zero);
    }

    private sealed class Stopping(EchoServer server) : IAsyncDisposable
    {
        public EchoServer Server { get; } = server;

        public async ValueTask DisposeAsync() => await Server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
    }

    [Fact]
    public async Task A_close_notify_that_completes_a_message_is_told_as_a_half_close()
    {
        using var server = EchoServer.Start(Tls with { Framing = MessageFraming.Line });
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate);
        await stream.WriteAsync("no line end"u8.ToArray());
        await stream.ShutdownAsync().WaitAsync(Patience.Long);

        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer).WaitAsync(Patience.Long);
        Assert.Equal("no line end"u8.ToArray(), answer.ToArray());
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Connected MessageReceived HalfClosed ResponseSent Disconnected/ClientClosed", events.Story(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200_000)]
    public async Task A_client_that_resets_while_its_response_is_delayed_is_disconnected_at_once(int ahead)
    {
        using var server = EchoServer.Start(Tls with
        {
            Framing = MessageFraming.Line, MinDelayMilliseconds = 600_000, MaxDelayMilliseconds = 600_000,
        });
        using var client = await BareClient.ConnectAsync(server);
        var stream = await client.AuthenticateAsync(_certificate);
        await stream.WriteAsync("one\n"u8.ToArray());
        await server.UntilAsync(ServerEventKind.MessageReceived);
        await stream.WriteAsync(new byte[ahead]);
        client.Reset();

        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Connected MessageReceived FaultStruck Disconnected/Reset", events.Story(1));
    }

    [Fact]
    public async Task Handshakes_have_a_limit_of_their_own()
    {
        using var server = EchoServer.Start(Tls with { MaxHandshakes = 1, HandshakeTimeout = TimeSpan.FromHours(1) });
        using (var silent = await BareClient.ConnectAsync(server))
        {
            using var second = await BareClient.ConnectAsync(server);
            await server.UntilAsync(ServerEventKind.Rejected);
            Assert.Equal("Rejected/TooManyConnections", server.GetEvents().Story(2));
        }

        // Its slot is free again once it has disconnected.
        await server.UntilAsync(ServerEventKind.Error);
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate);
        await stream.ExchangeAsync("abc"u8.ToArray());
    }

    [Fact]
    public async Task A_sequential_server_serves_one_client_at_a_time()
    {
        using var server = EchoServer.Start(Tls with { IsSequential = true });
        using var first = await BareClient.ConnectAsync(server);
        await using var firstStream = await first.AuthenticateAsync(_certificate);
        await firstStream.ExchangeAsync("abc"u8.ToArray());
        using var second = await BareClient.ConnectAsync(server);
        await using var secondStream = await second.AuthenticateAsync(_certificate);
        await secondStream.WriteAsync("hello"u8.ToArray());
        var answer = new byte[5];
        var answering = secondStream.ReadExactlyAsync(answer).AsTask();
        await firstStream.ExchangeAsync("abc"u8.ToArray());
        Assert.False(answering.IsCompleted);
        Assert.Equal(1, server.ActiveConnections);

        first.Dispose();
        await answering.WaitAsync(Patience.Long);
        Assert.Equal("hello"u8.ToArray(), answer);
    }

    [Fact]
    public async Task A_client_over_the_limit_is_rejected_after_its_handshake()
    {
        using var server = EchoServer.Start(Tls with { MaxConnections = 1 });
        using var first = await BareClient.ConnectAsync(server);
        await using var firstStream = await first.AuthenticateAsync(_certificate);
        await firstStream.ExchangeAsync("abc"u8.ToArray());
        using var second = await BareClient.ConnectAsync(server);
        await using var secondStream = await second.AuthenticateAsync(_certificate);

        Assert.Equal(0, await secondStream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience.Long));
        Assert.Equal("Rejected/TooManyConnections", server.GetEvents().Story(2));
        Assert.Equal((1, 1), (server.TotalConnections, server.RejectedConnections));
        await firstStream.ExchangeAsync("abc"u8.ToArray());
    }

    [Fact]
    public async Task The_idle_timeout_limits_the_handshake_too()
    {
        using var server = EchoServer.Start(Tls with { HandshakeTimeout = TimeSpan.FromHours(1), IdleTimeout = TimeSpan.FromSeconds(3) });
        using var client = await BareClient.ConnectAsync(server);

        var events = await server.UntilAsync(ServerEventKind.Error);
        Assert.Equal("Error/HandshakeFailed", events.Story(1));
    }

    [Fact]
    public async Task A_client_that_acknowledges_nothing_for_the_idle_timeout_is_disconnected()
    {
        // The timeout limits the handshake too, which takes long on a busy machine.
        using var server = EchoServer.Start(Tls with { IdleTimeout = TimeSpan.FromSeconds(5) });
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate);

        await Assert.ThrowsAnyAsync<IOException>(() => stream.WriteAsync(new byte[64 * 1024 * 1024]).AsTask().WaitAsync(Patience.Long));

        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("IdleTimeout", events[^1].Reason);
        Assert.DoesNotContain(events, static e => e.Kind == "Error");
    }

    protected virtual void Dispose(bool disposing) => _certificate.Dispose();
}

public sealed class AsyncTlsEchoServerTests() : TlsEchoServerTests("Async");

#if !NETSTANDARD_BUILD
[Trait("System", "Linux")]
public sealed class EpollTlsEchoServerTests() : TlsEchoServerTests("Epoll");
#endif
