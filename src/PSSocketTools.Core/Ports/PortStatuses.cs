using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>The status of a port by the error of an attempt.</summary>
internal static class PortStatuses
{
    public static PortStatus Of(ProbeAttempt attempt, SocketProtocol protocol) => attempt.Error == SocketError.Success
        ? attempt.Check?.Verdict switch
        {
            ProbeVerdict.ClosedAtOnce => PortStatus.ClosedAtOnce,
            ProbeVerdict.Silent => PortStatus.Silent,
            ProbeVerdict.NotEcho => PortStatus.NotEcho,
            _ => PortStatus.Open,
        }

        // A loopback address, as the source, leads to no other machine.
        : attempt.Error == SocketError.TimedOut ? OfSilence(protocol)
        : attempt.ErrorNumber == Libc.EInvalid ? PortStatus.Unreachable
        : Of(attempt.Error) is var status && status == PortStatus.Failed && attempt.Icmp is not null ? PortStatus.Unreachable
        : status;

    /// <summary>Whether something answered, so that there is a latency.</summary>
    public static bool IsAnswer(PortStatus status) =>
        status is PortStatus.Open or PortStatus.Closed or PortStatus.ClosedAtOnce or PortStatus.Silent or PortStatus.NotEcho;

    /// <summary>Whether no connection was established: nothing listens there any more, or nothing answers.</summary>
    public static bool IsGone(PortStatus status) => status is PortStatus.Closed or PortStatus.TimedOut or PortStatus.Unreachable;

    private static PortStatus Of(SocketError error) => error switch
    {
        SocketError.Success => PortStatus.Open,
        // Windows reports an ICMP "port unreachable" for a datagram as a reset.
        SocketError.ConnectionRefused or SocketError.ConnectionReset => PortStatus.Closed,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown
            or SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.AccessDenied => PortStatus.Unreachable,
        _ => PortStatus.Failed,
    };

    /// <summary>The status when nothing was received in the time allowed.</summary>
    public static PortStatus OfSilence(SocketProtocol protocol) =>
        protocol == SocketProtocol.Udp ? PortStatus.OpenOrFiltered : PortStatus.TimedOut;

    /// <summary>Whether a status is more informative: an address that answered outranks a silent one, and that one without a route.</summary>
    public static bool Outranks(PortStatus status, PortStatus other) => Rank(status) > Rank(other);

    private static int Rank(PortStatus status) => status switch
    {
        PortStatus.Open => 5,
        PortStatus.ClosedAtOnce or PortStatus.Silent or PortStatus.NotEcho => 4,
        PortStatus.Closed => 3,
        PortStatus.TimedOut or PortStatus.OpenOrFiltered => 2,
        PortStatus.Unreachable => 1,
        _ => 0,
    };
}
