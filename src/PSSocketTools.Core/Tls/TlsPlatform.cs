using System.Net.Security;
using System.Security.Authentication;

namespace PSSocketTools.Tls;

/// <summary>Platform differences of TLS.</summary>
internal static class TlsPlatform
{
    /// <summary>The supported versions of TLS: 1.2 (RFC 5246) and, where the platform has it, 1.3 (RFC 8446).</summary>
    public const SslProtocols Protocols =
#if NET
        SslProtocols.Tls12 | SslProtocols.Tls13;
#else
        SslProtocols.Tls12;
#endif

    /// <summary>Whether the framework and the system have these versions.</summary>
    public static bool Has(TlsVersions versions) => (versions & TlsVersions.Tls13) == 0 || HasTls13();

    /// <summary>The versions that a client offers; None lets the system choose.</summary>
    public static SslProtocols ToSystem(TlsVersions? versions) =>
        ((versions & TlsVersions.Tls12) > 0 ? SslProtocols.Tls12 : SslProtocols.None)
#if NET
        | ((versions & TlsVersions.Tls13) > 0 ? SslProtocols.Tls13 : SslProtocols.None)
#endif
        ;

    /// <summary>The cipher suite that was agreed on.</summary>
    public static string CipherSuite(SslStream stream) =>
#if NET
        stream.NegotiatedCipherSuite.ToString();
#else
        stream.CipherAlgorithm + " " + stream.HashAlgorithm;
#endif

    /// <summary>Whether a client's certificate went to the server; null where .NET Framework does not tell a certificate that was sent from one that was ready.</summary>
    public static bool? HasSentCertificate(SslStream stream) =>
#if NET
        stream.IsMutuallyAuthenticated;
#else
        null;
#endif

    private static bool HasTls13() =>
#if NET
        // Schannel has it from Windows 11 and Windows Server 2022 on; .NET on macOS uses a library without it.
        OperatingSystem.IsWindows() ? OperatingSystem.IsWindowsVersionAtLeast(10, 0, 20348) : !OperatingSystem.IsMacOS();
#else
        false;
#endif

    /// <summary>Sends close_notify (RFC 8446, section 6.1), which netstandard2.0 does not offer: there only the FIN follows.</summary>
    public static Task ShutdownAsync(SslStream stream) =>
#if NET
        stream.ShutdownAsync();
#else
        stream.FlushAsync();
#endif
}
