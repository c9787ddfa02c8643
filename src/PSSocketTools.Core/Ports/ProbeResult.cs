using PSSocketTools.Net;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>Makes a probe's result of its attempts.</summary>
internal static class ProbeResult
{
    /// <summary>The result of an attempt that connected or, over UDP, was answered.</summary>
    public static PortAvailability Open(Probe probe, ProbeAttempt attempt, SocketProtocol protocol) =>
        Create(probe, attempt, protocol, PortStatus.Open, null);

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
            return Create(probe, null, protocol, PortStatus.NameNotFound, reason);
        }

        if (best is null && silent is null && !probe.Host.Resolve().IsCompleted)
        {
            return Create(probe, null, protocol, PortStatus.TimedOut, AddressName.NotResolvedYet(probe.Host.Name).Message);
        }

        var silentStatus = PortStatuses.OfSilence(protocol);
        if (best is null || (silent is not null && PortStatuses.Outranks(silentStatus, PortStatuses.Of(best.Error))))
        {
            return Create(probe, silent, protocol, silentStatus, null);
        }

        var status = PortStatuses.Of(best.Error);
        return status == PortStatus.Closed
            ? Create(probe, best, protocol, status, null)
            : Create(probe, best, protocol, status, SocketErrors.TextOf(best.Error, best.ErrorNumber));
    }

    private static PortAvailability Create(Probe probe, ProbeAttempt? attempt, SocketProtocol protocol, PortStatus status, string? detail) =>
        new(probe.Host.Name, probe.Port, protocol, status)
        {
            Address = attempt is null ? null : EndPointText.Of(attempt.Address),
            SourceAddress = attempt?.Source is { } source ? EndPointText.Of(source) : null,
            Attempt = attempt?.Number ?? probe.Attempts,
            LatencyMilliseconds = status is PortStatus.Open or PortStatus.Closed ? attempt!.LatencyMilliseconds : null,
            Detail = detail,
        };
}
