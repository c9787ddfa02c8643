using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>Makes a probe's result of its attempts.</summary>
internal static class ProbeResult
{
    /// <summary>The result of an attempt that connected or, over UDP, was answered.</summary>
    public static PortAvailability Open(Probe probe, ProbeAttempt attempt, SocketProtocol protocol) =>
        Answered(probe, attempt, protocol, PortStatus.Open);

    /// <summary>The most informative result of a probe that found no open port.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="protocol">Tcp or Udp.</param>
    /// <param name="isTimeUp">Whether its time is over; otherwise it has no attempt left.</param>
    public static PortAvailability Of(Probe probe, SocketProtocol protocol, bool isTimeUp)
    {
        var silent = isTimeUp && probe.Pending is { Count: > 0 } pending ? pending[0] : null;
        var best = probe.Best;
        if (best is null && silent is null && probe.WhyNoAddress is { } reason)
        {
            return Unanswered(probe, null, protocol, PortStatus.NameNotFound, reason);
        }

        if (best is null && silent is null && !probe.Host.Resolve().IsCompleted)
        {
            return Unanswered(probe, null, protocol, PortStatus.TimedOut, AddressName.NotResolvedYet(probe.Host.Name).Message);
        }

        var silentStatus = protocol == SocketProtocol.Udp ? PortStatus.OpenOrFiltered : PortStatus.TimedOut;
        if (best is null || (silent is not null && PortStatuses.Outranks(silentStatus, PortStatuses.Of(best.Error))))
        {
            return Unanswered(probe, silent, protocol, silentStatus, null);
        }

        var status = PortStatuses.Of(best.Error);
        return status == PortStatus.Closed
            ? Answered(probe, best, protocol, status)
            : Unanswered(probe, best, protocol, status, SocketErrors.TextOf(best.Error, best.ErrorNumber));
    }

    private static PortAvailability Answered(Probe probe, ProbeAttempt attempt, SocketProtocol protocol, PortStatus status) =>
        PortAvailability.CreateAnswered(
            probe.Host.Name, EndPointText.Of(attempt.Address), probe.Port, protocol, status, Clock.Milliseconds(attempt.EndedAt - attempt.StartedAt), null);

    private static PortAvailability Unanswered(Probe probe, ProbeAttempt? attempt, SocketProtocol protocol, PortStatus status, string? detail) =>
        PortAvailability.CreateUnanswered(
            probe.Host.Name, attempt is null ? null : EndPointText.Of(attempt.Address), probe.Port, protocol, status, detail);
}
