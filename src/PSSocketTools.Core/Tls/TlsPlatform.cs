using System.Net.Security;
using System.Security.Authentication;

namespace PSSocketTools.Tls;

/// <summary>What the platforms' TLS differs in.</summary>
internal static class TlsPlatform
{
    /// <summary>The versions of TLS this module speaks: 1.2 (RFC 5246) and, where the platform has it, 1.3 (RFC 8446).</summary>
    public const SslProtocols Protocols =
#if NET
        SslProtocols.Tls12 | SslProtocols.Tls13;
#else
        SslProtocols.Tls12;
#endif

    /// <summary>Says in TLS that no more comes (close_notify; RFC 8446, section 6.1); netstandard2.0 has no name for it, and the FIN that follows says it alone.</summary>
    public static Task ShutdownAsync(SslStream stream) =>
#if NET
        stream.ShutdownAsync();
#else
        stream.FlushAsync();
#endif
}
