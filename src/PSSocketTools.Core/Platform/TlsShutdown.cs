using System.Net.Security;

namespace PSSocketTools.Platform;

/// <summary>A TLS stream's orderly end, which netstandard2.0 has no name for.</summary>
internal static class TlsShutdown
{
    /// <summary>Sends a close_notify (RFC 8446, section 6.1), where the framework can.</summary>
    public static Task Begin(SslStream stream) =>
#if NET
        stream.ShutdownAsync();
#else
        Task.CompletedTask;
#endif
}
