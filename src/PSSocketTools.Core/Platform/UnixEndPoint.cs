#if !NET
using PSSocketTools.Resources;
#endif
using System.Net;
#if NET
using System.Net.Sockets;
#endif

namespace PSSocketTools.Platform;

/// <summary>The endpoint of a Unix domain socket, which .NET Framework does not have.</summary>
internal static class UnixEndPoint
{
    /// <exception cref="SocketToolsException">NotSupported.</exception>
    public static EndPoint Of(string path) =>
#if NET
        new UnixDomainSocketEndPoint(path);
#else
        throw new SocketToolsException(SocketToolsError.NotSupported, Messages.Get("UnixSocketNotSupported"), path);
#endif
}
