using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>Platform differences of UDP.</summary>
internal static class DatagramPlatform
{
    private const int SioUdpConnReset = unchecked((int)0x9800000C);

    /// <summary>Sets the options of a socket that is bound and has received nothing yet.</summary>
    public static void Prepare(Socket socket)
    {
        IgnoreUnreachable(socket);
        if (HasManyAddresses(socket))
        {
            // This comes before the first receive, so that the first datagram's address is known too.
            var level = socket.AddressFamily == AddressFamily.InterNetworkV6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP;
            socket.SetSocketOption(level, SocketOptionName.PacketInformation, true);
        }
    }

    /// <summary>Whether a socket is bound to the wildcard address, and the system supports sending from the address a datagram was sent to.</summary>
    public static bool HasManyAddresses(Socket socket) =>
        PacketInfoSender.IsSupported && socket.LocalEndPoint is IPEndPoint { Address: var local } && (local.Equals(IPAddress.Any) || local.Equals(IPAddress.IPv6Any));

    /// <summary>Keeps an ICMP "port unreachable" for one peer from failing the next receive from another, as it does on Windows (SIO_UDP_CONNRESET).</summary>
    private static void IgnoreUnreachable(Socket socket)
    {
        if (HostSystem.IsWindows)
        {
            // A BOOL of Windows has four bytes.
            socket.IOControl(SioUdpConnReset, new byte[sizeof(int)], null);
        }
    }
}
