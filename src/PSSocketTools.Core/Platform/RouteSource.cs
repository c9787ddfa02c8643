using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>Asks the system's routes which of its addresses it would send from.</summary>
internal static class RouteSource
{
    /// <summary>The local address for a destination; null where there is no route. Sends nothing: the connect of a datagram socket only looks the route up.</summary>
    public static IPAddress? For(IPAddress destination)
    {
        const int AnyPort = 9;
        try
        {
            using var socket = new Socket(destination.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(new IPEndPoint(destination, AnyPort));
            return (socket.LocalEndPoint as IPEndPoint)?.Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
