using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Tests.Server.Transport;
using PSSocketTools.Tls;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>Which client certificates a server over TLS accepts, and what it tells of the others.</summary>
/// <param name="transport">The name of the transport, as EchoServer.Transport shows it.</param>
/// <param name="certificates">The clients' certificates.</param>
public abstract class ClientCertificateTests(string transport, ClientCertificates certificates) : IClassFixture<ClientCertificates>, IDisposable
{
    private readonly string _address = OwnAddress.Pick();
    private readonly X509Certificate2 _certificate = TlsClient.MakeCertificate("localhost");

    private EchoServerOptions Tls => new() { Address = _address, Certificate = _certificate, Transport = transport };

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("issuer", "ecdsa", SslProtocols.Tls12)]
    [InlineData("issuer", "ecdsa", SslProtocols.None)]
    [InlineData("issuer", "rsa", SslProtocols.Tls12)]
    [InlineData("issuer", "rsa", SslProtocols.None)]
    [InlineData("below", "deep", SslProtocols.None)]
    [InlineData("ecdsa", "ecdsa", SslProtocols.None)]
    [InlineData("forged", "forged", SslProtocols.None)]
    [InlineData("self-signed", "self-signed", SslProtocols.Tls12)]
    [InlineData("self-signed", "self-signed", SslProtocols.None)]
    public async Task A_client_whose_certificate_or_its_issuer_is_trusted_is_accepted_and_told_by_name(string trusted, string sent, SslProtocols versions)
    {
        // The server has copies.
        using var given = X509CertificateLoader.LoadCertificate(certificates[trusted].RawData);
        using var server = EchoServer.Start(Tls with { TrustedClientCertificates = [certificates["stranger"], certificates["issuer"], given] });
        given.Dispose();
        await AssertAcceptedAsync(server, certificates[sent], versions);
    }

    [Theory]
    [InlineData("ecdsa", false)]
    [InlineData("strange", true)]
    [InlineData("expired", true)]
    [InlineData("server's", false)]
    public async Task A_thumbprint_accepts_its_certificate_whatever_else_that_says(string sent, bool sha256)
    {
        var own = certificates[sent];
        var thumbprint = sha256 ? own.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant() : own.Thumbprint;
        using var server = EchoServer.Start(Tls with { RequireClientCertificate = true, TrustedClientThumbprints = [new string('0', 40), thumbprint] });
        await AssertAcceptedAsync(server, own, SslProtocols.None);
    }

    [Theory]
    [InlineData("issuer", null, "sent no certificate")]
    [InlineData("issuer", "strange", "CN=rui was refused. It is not among the certificates that this server trusts, nor issued by one of them. If")]
    [InlineData("issuer", "forged", "nor issued by one of them.")]
    [InlineData("issuer", "self-signed", "nor issued by one of them.")]
    [InlineData("issuer", "expired", "CN=old was refused. It expired on")]
    [InlineData("expired", "expired", "It expired on")]
    [InlineData("issuer", "early", "It is not valid before")]
    [InlineData("issuer", "server's", "It is not made for clients (extended key usage). If")]
    [InlineData("stranger", "server's", "It is not among the certificates that this server trusts, nor issued by one of them; it is not made for clients (extended key usage). If")]
    [InlineData("self-signed", "ecdsa", "nor issued by one of them.")]
    [InlineData("ecdsa", "rsa", "nor issued by one of them.")]
    public async Task A_client_is_refused_with_the_reason(string trusted, string? sent, string why)
    {
        using var server = EchoServer.Start(Tls with { TrustedClientCertificates = [certificates[trusted]] });
        await AssertRefusedAsync(server, sent, why);
    }

    [Fact]
    public async Task A_thumbprint_of_one_certificate_refuses_another() =>
        await AssertRefusedAsync(
            EchoServer.Start(Tls with { TrustedClientThumbprints = [certificates["ecdsa"].Thumbprint] }), "forged", "nor issued by one of them.");

    [Theory]
    [InlineData(null, "sent no certificate")]
    [InlineData("ecdsa", "Its issuer, CN=An issuer, is not trusted on this machine. If it is the right one, trust it: TrustedClientCertificates ")]
    [InlineData("self-signed", "It is self-signed, and not trusted on this machine. If")]
    [InlineData("expired", "It expired on")]
    public async Task A_client_that_this_machine_does_not_trust_is_refused_where_it_must_be(string? sent, string why) =>
        await AssertRefusedAsync(EchoServer.Start(Tls with { RequireClientCertificate = true }), sent, why);

    [Fact]
    public async Task A_server_that_asks_for_no_certificate_knows_none()
    {
        using var server = EchoServer.Start(Tls);
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate, certificates["ecdsa"]);
        await stream.ExchangeAsync("hi"u8.ToArray());

        var connection = Assert.Single(server.GetConnections());
        Assert.Null(connection.ClientCertificateSubject);
        Assert.Null(connection.ClientCertificateThumbprint);
        Assert.Null(server.GetEvents().Single(static one => one.Kind == "Connected").Message);
    }

    [Fact]
    public void A_certificate_that_the_system_cannot_read_is_refused_as_that()
    {
        var own = TlsClient.MakeCertificate("client");
        own.Dispose();
        var client = new ClientTrust([], []).Check(own, null, SslPolicyErrors.None, out var refusal);

        Assert.Null(client);
        Assert.StartsWith("The client's certificate can't be read: ", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "TrustedClientCertificates")]
    [InlineData(true, "RequireClientCertificate")]
    public void Client_certificates_need_TLS(bool requires, string option)
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoServer.Start(new EchoServerOptions
        {
            RequireClientCertificate = requires, TrustedClientCertificates = [certificates["issuer"]],
        }));

        Assert.Equal((SocketToolsError.InvalidOption, option), (error.Error, error.Target));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12:34")]
    [InlineData("zz34567890123456789012345678901234567890")]
    public void What_is_no_thumbprint_is_an_error(string thumbprint)
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoServer.Start(Tls with { TrustedClientThumbprints = [thumbprint] }));

        Assert.Equal(SocketToolsError.InvalidOption, error.Error);
        Assert.Contains($"'{thumbprint}'", error.Message, StringComparison.Ordinal);
    }

    protected virtual void Dispose(bool disposing) => _certificate.Dispose();

    private async Task AssertAcceptedAsync(EchoServer server, X509Certificate2 own, SslProtocols versions)
    {
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = await client.AuthenticateAsync(_certificate, own, versions);
        await stream.ExchangeAsync("let me in"u8.ToArray());

        Assert.True(stream.IsMutuallyAuthenticated);
        Assert.Equal(own.Subject, server.GetEvents().Single(static one => one.Kind == "Connected").Message);
        var connection = Assert.Single(server.GetConnections());
        Assert.Equal(own.Subject, connection.ClientCertificateSubject);
        Assert.Equal(own.GetCertHashString(HashAlgorithmName.SHA256), connection.ClientCertificateThumbprint);
        Assert.DoesNotContain(server.GetEvents(), static one => one.Kind == "Error");
    }

    private async Task AssertRefusedAsync(EchoServer server, string? sent, string why)
    {
        using var disposed = server;
        using var client = await BareClient.ConnectAsync(server);

        // TLS 1.3 tells the client only when it reads (RFC 8446, section 4.4.2.4), and a reset may be faster.
        try
        {
            await using var stream = await client.AuthenticateAsync(_certificate, sent is null ? null : certificates[sent]);
            Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience.Long));
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            Assert.IsNotType<TimeoutException>(exception.InnerException);
        }

        var events = await server.UntilAsync(ServerEventKind.Error);
        Assert.Equal("Error/ClientCertificateRefused", events.Story(1));
        var sentence = events.Single(static one => one.Kind == "Error").Message!;
        Assert.Contains(why, sentence, StringComparison.Ordinal);
        Assert.EndsWith(
            sent is null ? "ClientCertificate sends one." : $"TrustedClientCertificates {certificates[sent].GetCertHashString(HashAlgorithmName.SHA256)}.", sentence, StringComparison.Ordinal);
        Assert.Equal((0, 0), (server.TotalConnections, server.MessagesReceived));
    }
}

public sealed class AsyncClientCertificateTests(ClientCertificates certificates) : ClientCertificateTests("Async", certificates);

#if !NETSTANDARD_BUILD
[Trait("System", "Linux")]
public sealed class EpollClientCertificateTests(ClientCertificates certificates) : ClientCertificateTests("Epoll", certificates);
#endif
