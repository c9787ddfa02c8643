using System.ComponentModel;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using PSSocketTools.Net;

namespace PSSocketTools.Tls;

/// <summary>Finds the alert of a server in the exceptions of a system's TLS library, and says what it means.</summary>
internal static class TlsAlerts
{
    // An error of OpenSSL has its library in eight bits, whose place was moved in version 3. The reason of an alert is 1000 and its number.
    private const int OpenSslLibraryShift = 23, OlderOpenSslLibraryShift = 24, OpenSslLibrary = 20;
    private const int OpenSslReasons = 0xFFF, OpenSslFirstAlert = 1000;

    // The header of a record of 5 bytes, the level and the description (RFC 8446, sections 5.1 and 6).
    private const int RecordLength = 7;

    /// <summary>Whether bytes are one alert in the clear and nothing else: what a server of TLS answers to a client that does not speak it.</summary>
    /// <param name="bytes">The bytes, from the first on.</param>
    /// <param name="count">How many there are.</param>
    public static bool IsAlert(byte[] bytes, int count) =>
        count == RecordLength && bytes[0] == 21 && bytes[1] == 3 && bytes[2] <= 4 && bytes[3] == 0 && bytes[4] == 2 && bytes[5] is 1 or 2;

    /// <summary>The alert within an exception; null where there is none, or the system does not tell which.</summary>
    public static TlsAlert? Within(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            var alert = exception switch
            {
                Win32Exception windows => OfSchannel(windows.NativeErrorCode),
                CryptographicException other => OfOpenSsl(other.HResult) ?? OfSecureTransport(other.HResult),
                _ => null,
            };
            if (alert is not null)
            {
                return alert;
            }
        }

        return null;
    }

    /// <summary>What a session is told of an alert that ended its connection.</summary>
    /// <param name="alert">The alert.</param>
    /// <param name="endPointName">The server, as users would write it.</param>
    /// <param name="certificate">The client's certificate; null where none was given.</param>
    /// <param name="wasAsked">Whether the server is known to have asked for one.</param>
    public static string Explain(TlsAlert alert, string endPointName, X509Certificate2? certificate, bool wasAsked)
    {
        var meaning = alert switch
        {
            TlsAlert.UnsupportedCertificate => "ClientCertificateUnsupportedThere",
            TlsAlert.CertificateRevoked => "ClientCertificateRevokedThere",
            TlsAlert.CertificateExpired => "ClientCertificateExpiredThere",
            TlsAlert.UnknownCa => "ClientCertificateUntrustedThere",
            TlsAlert.BadCertificate or TlsAlert.CertificateUnknown or TlsAlert.AccessDenied => "ClientCertificateUnwantedThere",
            _ => null,
        };

        // TLS 1.2 has no alert for a certificate that is missing: servers take this one, or one of those above.
        var isMissing = alert == TlsAlert.CertificateRequired
            || (certificate is null && (meaning is not null || (wasAsked && alert == TlsAlert.HandshakeFailure)));
        return isMissing ? Messages.Get("ClientCertificateWanted", endPointName, NameOf(alert))
            : meaning is null || certificate is null ? Messages.Get("TlsAlerted", endPointName, NameOf(alert))
            : Messages.Get("ClientCertificateNotAccepted", endPointName, certificate.Subject, Messages.Get(meaning), NameOf(alert));
    }

    /// <summary>Its name in the RFC, such as unknown_ca, or its number.</summary>
    private static string NameOf(TlsAlert alert) => Regex.Replace($"{alert}", "(?<=[a-z])(?=[A-Z])", "_").ToLowerInvariant();

    private static TlsAlert? OfOpenSsl(int error)
    {
        var isOfTls = (byte)(error >> OpenSslLibraryShift) == OpenSslLibrary || (byte)(error >> OlderOpenSslLibraryShift) == OpenSslLibrary;
        var number = (error & OpenSslReasons) - OpenSslFirstAlert;
        return isOfTls && number is >= 0 and <= byte.MaxValue ? (TlsAlert)number : null;
    }

    /// <summary>Of the errors that Schannel makes of alerts, those that mean one alone, or alerts of one kind.</summary>
    private static TlsAlert? OfSchannel(int error) => unchecked((uint)error) switch
    {
        // SEC_E_UNTRUSTED_ROOT, SEC_E_CERT_UNKNOWN, SEC_E_CERT_EXPIRED and CRYPT_E_REVOKED. The client's own check of the server's
        // certificate is not Schannel's, so that they are about the client's.
        0x80090325 => TlsAlert.UnknownCa,
        0x80090327 => TlsAlert.CertificateUnknown,
        0x80090328 => TlsAlert.CertificateExpired,
        0x80092010 => TlsAlert.CertificateRevoked,
        _ => null,
    };

    /// <summary>Of the errors of macOS's SecureTransport, those that the peer is the cause of (errSSLPeer...).</summary>
    private static TlsAlert? OfSecureTransport(int error) => error switch
    {
        -9824 => TlsAlert.HandshakeFailure,
        -9825 => TlsAlert.BadCertificate,
        -9826 => TlsAlert.UnsupportedCertificate,
        -9827 => TlsAlert.CertificateRevoked,
        -9828 => TlsAlert.CertificateExpired,
        -9829 => TlsAlert.CertificateUnknown,
        -9831 => TlsAlert.UnknownCa,
        -9832 => TlsAlert.AccessDenied,
        -9836 => TlsAlert.ProtocolVersion,
        _ => null,
    };
}
