using System.Net.Sockets;

namespace PSSocketTools.Ports;

/// <summary>What an attempt's end says of the port.</summary>
internal static class PortStatuses
{
    public static PortStatus Of(SocketError error) => error switch
    {
        SocketError.Success => PortStatus.Open,
        // A reset is what Windows makes of the ICMP message that answers a datagram.
        SocketError.ConnectionRefused or SocketError.ConnectionReset => PortStatus.Closed,
        SocketError.TimedOut => PortStatus.TimedOut,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown
            or SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.AccessDenied => PortStatus.Unreachable,
        _ => PortStatus.Failed,
    };

    /// <summary>Of a name's addresses, one that answered says more than a silent one, and that more than one without a route.</summary>
    public static bool Outranks(PortStatus status, PortStatus other) => Rank(status) > Rank(other);

    private static int Rank(PortStatus status) => status switch
    {
        PortStatus.Open => 4,
        PortStatus.Closed => 3,
        PortStatus.TimedOut or PortStatus.OpenOrFiltered => 2,
        PortStatus.Unreachable => 1,
        _ => 0,
    };
}
