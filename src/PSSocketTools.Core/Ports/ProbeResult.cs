using PSSocketTools.Net;
using PSSocketTools.Ports.Transport;

namespace PSSocketTools.Ports;

/// <summary>Makes a probe's result of its attempts.</summary>
internal static class ProbeResult
{
    /// <summary>The most informative result of a probe.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="protocol">Tcp or Udp.</param>
    /// <param name="isTimeUp">Whether its time is over; otherwise it has found what it was to find, or has no attempt left.</param>
    public static PortAvailability Create(Probe probe, SocketProtocol protocol, bool isTimeUp)
    {
        var silent = isTimeUp && probe.Pending is { Count: > 0 } pending ? pending[0] : null;
        var best = probe.Best;
        if (best is null && silent is null && probe.WhyNoAddress is { } reason)
        {
            return Create(probe, null, protocol, PortStatus.NameNotFound, reason);
        }

        if (best is null && silent is null && !probe.Host.Resolve().IsCompleted)
        {
            return Create(probe, null, protocol, PortStatus.TimedOut, NameResolver.NotResolvedYet(probe.Host.Name).Message);
        }

        var silentStatus = PortStatuses.OfSilence(protocol);
        if (best is null || (silent is not null && PortStatuses.Outranks(silentStatus, PortStatuses.Of(best, protocol))))
        {
            return Create(probe, silent, protocol, silentStatus, null);
        }

        var status = PortStatuses.Of(best, protocol);
        return Create(probe, best, protocol, status, DetailOf(best, protocol, status));
    }

    private static string? DetailOf(ProbeAttempt attempt, SocketProtocol protocol, PortStatus status) => status switch
    {
        PortStatus.Closed => RefusalText.Explain(attempt, protocol),
        PortStatus.Open or PortStatus.OpenOrFiltered => null,
        PortStatus.TimedOut when attempt.ErrorNumber == 0 => null,
        PortStatus.ClosedAtOnce => Messages.Get("PortClosedAtOnce"),
        PortStatus.Silent => Messages.Get("PortSilent"),
        PortStatus.NotEcho when attempt.Check is { IsPart: true } check => Messages.Get("PortPartEcho", check.Count, check.Request.Length),
        PortStatus.NotEcho => Messages.Get(attempt.Check!.Count > 0 ? "PortNotEcho" : "PortNoEcho"),
        _ => RefusalText.Explain(attempt, protocol) ?? SocketErrors.TextOf(attempt.Error, attempt.ErrorNumber),
    };

    private static PortAvailability Create(Probe probe, ProbeAttempt? attempt, SocketProtocol protocol, PortStatus status, string? detail) =>
        new(probe.Host.Name, probe.Port, protocol, status)
        {
            Address = attempt is null ? null : EndPointText.Of(attempt.Address),
            SourceAddress = attempt?.Source is { } source ? EndPointText.Of(source) : null,
            AttemptNumber = attempt?.Number ?? probe.Attempts,
            LatencyMilliseconds = PortStatuses.IsAnswer(status) ? attempt!.LatencyMilliseconds : null,
            Banner = attempt?.Check?.Banner,
            Detail = detail,
        };
}
