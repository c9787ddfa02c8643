using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Net;

/// <summary>IPv6 on this machine.</summary>
internal static class IPv6Stack
{
    /// <summary>Whether it is enabled: there is an address to bind, not only a system that supports the family.</summary>
    public static bool IsEnabled()
    {
        if (!Socket.OSSupportsIPv6)
        {
            return false;
        }

        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
