using System.ComponentModel;
using System.Security.Authentication;
using System.Security.Cryptography;
using PSSocketTools.Tests.Client;
using PSSocketTools.Tls;
using Xunit;

namespace PSSocketTools.Tests.Tls;

public sealed class TlsAlertsTests
{
    [Theory]
    [InlineData(0x0A000418, 48)]
    [InlineData(0x0A00045C, 116)]
    [InlineData(0x14094418, 48)]
    [InlineData(0x0A000458, 112)]
    [InlineData(0x0A00010B, null)]
    [InlineData(0x0680009B, null)]
    [InlineData(-9831, 48)]
    [InlineData(-9824, 40)]
    [InlineData(-9806, null)]
    public void An_alert_is_found_in_the_errors_of_OpenSSL_and_of_macOS(int error, int? alert)
    {
        var exception = new AuthenticationException("outer", new IOException("between", new CryptographicException(error)));
        Assert.Equal(alert, (int?)TlsAlerts.Within(exception));
    }

    [Theory]
    [InlineData(0x80090325, 48)]
    [InlineData(0x80090327, 46)]
    [InlineData(0x80090328, 45)]
    [InlineData(0x80092010, 44)]
    [InlineData(0x80090326, null)]
    public void An_alert_is_found_in_the_errors_of_Windows(uint error, int? alert)
    {
        var exception = new AuthenticationException("outer", new Win32Exception(unchecked((int)error)));
        Assert.Equal(alert, (int?)TlsAlerts.Within(exception));
    }

    [Fact]
    public void Where_there_is_none_none_is_found() => Assert.Null(TlsAlerts.Within(new IOException("lost", new InvalidOperationException())));

    [Theory]
    [InlineData(116, false, false, "requires a client certificate, and got none (the TLS alert certificate_required)")]
    [InlineData(40, false, true, "requires a client certificate, and got none (the TLS alert handshake_failure)")]
    [InlineData(40, false, false, "with the alert handshake_failure.")]
    [InlineData(40, true, true, "with the alert handshake_failure.")]
    [InlineData(42, false, false, "requires a client certificate, and got none (the TLS alert bad_certificate)")]
    [InlineData(43, true, true, "refused the client certificate CN=ana with the TLS alert unsupported_certificate: it is of a kind")]
    [InlineData(44, true, true, "alert certificate_revoked: it was revoked.")]
    [InlineData(45, true, true, "alert certificate_expired: it has expired")]
    [InlineData(46, true, true, "alert certificate_unknown: the server does not say why")]
    [InlineData(48, true, true, "alert unknown_ca: its issuer is not trusted there.")]
    [InlineData(49, true, true, "alert access_denied: the server does not say why")]
    [InlineData(112, true, false, "with the alert unrecognized_name.")]
    [InlineData(200, false, false, "with the alert 200.")]
    public void An_alert_is_told_with_what_it_means_for_the_clients_certificate(int alert, bool isGiven, bool wasAsked, string expected)
    {
        using var certificate = SelfSignedCertificates.Make("ana");
        var sentence = TlsAlerts.Explain((TlsAlert)alert, "lab:7", isGiven ? certificate : null, wasAsked);

        Assert.StartsWith("lab:7 ", sentence, StringComparison.Ordinal);
        Assert.Contains(expected, sentence, StringComparison.Ordinal);
    }
}
