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

    /// <summary>Sends close_notify (RFC 8446, section 6.1), which netstandard2.0 does not offer: there only the FIN follows.</summary>
    public static Task ShutdownAsync(SslStream stream) =>
#if NET
        stream.ShutdownAsync();
#else
        stream.FlushAsync();
#endif
}
