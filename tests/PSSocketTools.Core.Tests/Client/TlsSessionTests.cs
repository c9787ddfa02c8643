using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace PSSocketTools.Tests.Client;

public sealed class TlsSessionTests : IDisposable
{
    private readonly X509Certificate2 _certificate = SelfSignedCertificates.Make("localhost");

    public void Dispose() => _certificate.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pinned_certificate_needs_no_trust(bool sha256)
    {
        using var server = BareServer.EchoOverTls(_certificate);
        using var session = server.Connect(options => options with
        {
            UseTls = true,
            CertificateThumbprint = sha256 ? _certificate.GetCertHashString(HashAlgorithmName.SHA256) : _certificate.Thumbprint.ToLowerInvariant(),
        });

        Assert.True(session.IsEncrypted);
        Assert.StartsWith("Tls1", session.TlsProtocol, StringComparison.Ordinal);
        Assert.Equal("olá, mundo 👋", session.Send("olá, mundo 👋").Response);
        var big = new string('x', 5_000_000);
        Assert.Equal(big, session.Send(big).Response);
        using var window = new SendWindow(session, 64, null, CancellationToken.None);
        for (var number = 0; number < 1000; number++)
        {
            window.Add("n" + number, asBytes: false);
            if (window.IsFull)
            {
                Assert.True(window.Take(out var exchange));
                Assert.Equal(exchange.Result!.Message, exchange.Result.Response);
            }
        }
    }

    [Fact]
    public async Task A_cancelled_receive_loses_no_later_message()
    {
        using var server = BareServer.EchoOverTls(_certificate);
        using var session = server.Connect(options => options with { UseTls = true, SkipCertificateCheck = true });
        using var stop = new CancellationTokenSource();
        var receiving = Task.Run(() => session.Receive(TimeSpan.Zero, cancellationToken: stop.Token));
        Assert.Equal("antes", session.Send("antes").Response);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving.WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.Equal("depois", session.Send("depois").Response);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_close_throws_nothing_however_the_server_has_disconnected(bool hasNoticed)
    {
        for (var round = 0; round < 10; round++)
        {
            using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Certificate = _certificate });
            var session = EchoSession.Connect(new SessionOptions
            {
                ComputerName = "127.0.0.1", Port = server.Port, UseTls = true, SkipCertificateCheck = true,
            });
            session.Send("oi");
            await server.StopAsync(TimeSpan.Zero);
            if (hasNoticed)
            {
                Assert.Throws<SocketToolsException>(() => session.Send("oi"));
            }

            session.Close();
            Assert.NotNull(session.Reason);
        }
    }

    [Fact]
    public void Another_certificate_than_the_pinned_one_is_refused()
    {
        using var server = BareServer.EchoOverTls(_certificate);

        var error = Assert.Throws<SocketToolsException>(() => server.Connect(options => options with
        {
            UseTls = true, CertificateThumbprint = new string('0', 40),
        }));

        Assert.Equal(SocketToolsError.TlsFailed, error.Error);
        Assert.Contains("thumbprint", error.Message, StringComparison.Ordinal);
        Assert.Contains(_certificate.GetCertHashString(HashAlgorithmName.SHA256), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("220 mail.example ready\r\n")]
    public void A_server_that_does_not_speak_TLS_is_an_error_that_says_so(string? answer)
    {
        using var server = BareServer.Play(peer =>
        {
            if (answer is null)
            {
                peer.EchoUntilEnd();
                return;
            }

            peer.Receive();
            peer.Send(answer);
            peer.StayUntilTheEnd();
        });

        var error = Assert.Throws<SocketToolsException>(() => server.Connect(options => options with { UseTls = true }));

        Assert.Equal(SocketToolsError.TlsFailed, error.Error);
        Assert.Contains("may not speak TLS", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(48, true, "refused the client certificate CN=ana")]
    [InlineData(42, false, "requires a client certificate")]
    [InlineData(80, false, "the alert internal_error")]
    [Trait("System", "Linux")]
    public void An_alert_in_the_handshake_is_told_as_what_it_says(byte alert, bool isGiven, string expected)
    {
        using var own = SelfSignedCertificates.Make("ana");
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Send([21, 3, 3, 0, 2, 2, alert]);
            peer.StayUntilTheEnd();
        });

        var error = Assert.Throws<SocketToolsException>(() => server.Connect(options => options with { UseTls = true, ClientCertificate = isGiven ? own : null }));

        Assert.Equal(SocketToolsError.TlsFailed, error.Error);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TlsVersions.Tls12, false)]
    [InlineData(TlsVersions.Tls12, true)]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [Trait("System", "Linux")]
    public void A_server_that_closes_without_an_alert_is_told_with_the_certificate_that_it_had_asked_for(TlsVersions? version, bool isGiven)
    {
        using var own = SelfSignedCertificates.Make("ana");
        using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Certificate = _certificate, RequireClientCertificate = true });
        var steps = new List<string>();
        using var session = EchoSession.Connect(
            new SessionOptions
            {
                ComputerName = "127.0.0.1", Port = server.Port, UseTls = true, SkipCertificateCheck = true, TlsProtocol = version,
                ClientCertificate = isGiven ? own : null,
            },
            null,
            step => steps.Add(step.Message));

        var error = Assert.Throws<SocketToolsException>(() => session.Send("hi"));

        Assert.Equal(SocketToolsError.ServerClosed, error.Error);
#if NETSTANDARD_BUILD
        // .NET Framework does not tell whether the certificate was sent.
        Assert.Contains(isGiven ? "It may want a client certificate" : "asked for a client certificate and got none", error.Message, StringComparison.Ordinal);
        Assert.Equal(isGiven ? 0 : 1, steps.Count(static step => step.Contains("asked for a client certificate", StringComparison.Ordinal)));
#else
        Assert.Contains(isGiven ? "asked for a client certificate and got CN=ana" : "asked for a client certificate and got none", error.Message, StringComparison.Ordinal);
        Assert.Contains(steps, step => step.Contains(isGiven ? "and was sent CN=ana" : "and was sent none", StringComparison.Ordinal));
#endif
    }

    [Fact]
    public void A_client_certificate_without_its_key_is_refused_before_anything_is_connected()
    {
        using var whole = SelfSignedCertificates.Make("ana");
        using var bare = X509CertificateLoader.LoadCertificate(whole.RawData);
        var options = new SessionOptions { ComputerName = "127.0.0.1", Port = 1, UseTls = true, ClientCertificate = bare };

        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(options));

        Assert.Equal((SocketToolsError.InvalidOption, bare), (error.Error, error.Target));
        Assert.Contains("CN=ana has no private key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_server_shows_of_its_certificate_pins_it_and_is_what_a_session_shows()
    {
        using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Certificate = _certificate });
        var options = new SessionOptions { ComputerName = "127.0.0.1", Port = server.Port, UseTls = true };
        using var session = EchoSession.Connect(options with { CertificateThumbprint = server.CertificateThumbprint });
        using var other = EchoSession.Connect(options with { CertificateThumbprint = session.CertificateThumbprint });

        Assert.Equal(server.CertificateThumbprint, session.CertificateThumbprint);
        Assert.Equal(_certificate.GetCertHashString(HashAlgorithmName.SHA256), server.CertificateThumbprint);
        Assert.Equal("oi", other.Send("oi").Response);
    }

    [Fact]
    public void A_handshake_that_never_ends_is_a_timeout()
    {
        using var server = BareServer.Play(peer => peer.StayUntilTheEnd());

        var error = Assert.Throws<SocketToolsException>(() => server.Connect(options => options with
        {
            UseTls = true, ConnectTimeout = TimeSpan.FromSeconds(3),
        }));

        // The connection came about, and TLS did not.
        Assert.Equal(SocketToolsError.ConnectTimeout, error.Error);
        Assert.Contains("accepted the connection", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("host is down", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MessageFraming.Auto)]
    [InlineData(MessageFraming.Line)]
    [InlineData(MessageFraming.None)]
    [InlineData(MessageFraming.LengthPrefix)]
    public void A_plain_session_is_told_that_the_server_speaks_TLS(MessageFraming framing)
    {
        using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Certificate = _certificate });
        using var session = EchoSession.Connect(new SessionOptions
        {
            ComputerName = "127.0.0.1", Port = server.Port, Framing = framing, ResponseTimeout = Patience.Long,
        });

        var error = Assert.Throws<SocketToolsException>(() => session.Send("hi"));

        Assert.Equal(SocketToolsError.TlsFailed, error.Error);
        Assert.Contains(" UseTls", error.Message, StringComparison.Ordinal);
        Assert.Equal("TlsFailed", session.Reason);
    }

    [Theory]
    [InlineData(MessageFraming.None)]
    [InlineData(MessageFraming.Line)]
    public void An_echo_of_a_TLS_alert_is_an_echo(MessageFraming framing)
    {
        // Its last byte is a line feed.
        byte[] alert = [21, 3, 3, 0, 2, 2, 10];
        using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        using var session = EchoSession.Connect(new SessionOptions { ComputerName = "127.0.0.1", Port = server.Port, Framing = framing });

        var message = framing == MessageFraming.None ? alert : alert[..6];
        Assert.Equal(message, session.Send(message).Response);
        Assert.Equal("and more", session.Send("and more").Response);
    }
}
