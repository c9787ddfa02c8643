using System.Net.Sockets;

namespace PSSocketTools.Ports;

/// <summary>The status of a port by the error of an attempt.</summary>
internal static class PortStatuses
{
    public static PortStatus Of(SocketError error) => error switch
    {
        SocketError.Success => PortStatus.Open,
        // Windows reports an ICMP "port unreachable" for a datagram as a reset.
        SocketError.ConnectionRefused or SocketError.ConnectionReset => PortStatus.Closed,
        SocketError.TimedOut => PortStatus.TimedOut,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown
            or SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.AccessDenied => PortStatus.Unreachable,
        _ => PortStatus.Failed,
    };

    /// <summary>What it means that nothing came in the time allowed.</summary>
    public static PortStatus OfSilence(SocketProtocol protocol) =>
        protocol == SocketProtocol.Udp ? PortStatus.OpenOrFiltered : PortStatus.TimedOut;

    /// <summary>Whether a status is more informative: an address that answered outranks a silent one, and that one without a route.</summary>
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
