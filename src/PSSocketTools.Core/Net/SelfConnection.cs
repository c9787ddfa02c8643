using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Net;

/// <summary>A loopback connection that connected to its own port, and so to itself (RFC 9293, section 3.5: simultaneous open): no server is there.</summary>
internal static class SelfConnection
{
    /// <summary>Whether a connection is one.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="remote">What it was connected to: the system no longer knows it of one that was reset.</param>
    public static bool Is(Socket socket, EndPoint remote) =>
        remote is IPEndPoint far && socket.LocalEndPoint is IPEndPoint local
        && local.Port == far.Port && local.Address.Equals(far.Address);
}
