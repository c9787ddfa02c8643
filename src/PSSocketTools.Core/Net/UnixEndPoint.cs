using System.Net;
#if NET
using System.Net.Sockets;
#endif

namespace PSSocketTools.Net;

/// <summary>The endpoint of a Unix domain socket, which .NET Framework does not have, nor Windows before 10 (1803) and Server 2019.</summary>
internal static class UnixEndPoint
{
    /// <exception cref="SocketToolsException">NotSupported; InvalidOption: the path is none a socket can have.</exception>
    public static EndPoint Parse(string path)
    {
#if NET
        if (Socket.OSSupportsUnixDomainSockets)
        {
            try
            {
                return new UnixDomainSocketEndPoint(path);
            }
            catch (ArgumentException exception)
            {
                throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("SocketPathNotValid", path), path, exception);
            }
        }
#endif
        throw new SocketToolsException(SocketToolsError.NotSupported, Messages.Get("UnixSocketNotSupported", path), path);
    }
}
