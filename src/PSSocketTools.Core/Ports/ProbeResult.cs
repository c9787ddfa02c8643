using PSSocketTools.Net;
using PSSocketTools.Ports.Probing;
using PSSocketTools.Tls;

namespace PSSocketTools.Ports;

/// <summary>Makes a probe's result of its attempts.</summary>
internal static class ProbeResult
{
    /// <summary>The most informative result of a probe.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="options">How it was tested.</param>
    /// <param name="isTimeUp">Whether its time is over; otherwise it has found what it was to find, or has no attempt left.</param>
    public static PortAvailability Create(Probe probe, PortScanOptions options, bool isTimeUp)
    {
        var protocol = options.Protocol;
        var silent = isTimeUp && probe.Pending is { Count: > 0 } pending ? pending[0] : null;
        var best = probe.Best;
        if (best is null && silent is null && probe.WhyNoAddress is { } reason)
        {
            return Create(probe, null, options, PortStatus.NameNotFound, reason);
        }

        if (best is null && silent is null && !probe.Host.Resolve().IsCompleted)
        {
            return Create(probe, null, options, PortStatus.TimedOut, NameResolver.NotResolvedYet(probe.Host.Name).Message);
        }

        var silentStatus = PortStatuses.OfSilence(protocol);
        if (best is null || (silent is not null && PortStatuses.Outranks(silentStatus, PortStatuses.Of(best, protocol))))
        {
            return Create(probe, silent, options, silentStatus, null);
        }

        var status = PortStatuses.Of(best, protocol);
        return Create(probe, best, options, status, DetailOf(best, protocol, status));
    }

    private static string? DetailOf(ProbeAttempt attempt, SocketProtocol protocol, PortStatus status) => status switch
    {
        PortStatus.Closed => RefusalText.Explain(attempt, protocol),
        PortStatus.Open or PortStatus.OpenOrFiltered => null,
        PortStatus.TimedOut when attempt.ErrorNumber == 0 => null,
        PortStatus.ClosedAtOnce => Messages.Get(attempt.Check!.Request.Length > 0 ? "PortClosedAfterLine" : "PortClosedAtOnce"),
        PortStatus.Silent => Messages.Get("PortSilent"),
        PortStatus.NotEcho when attempt.Check is { IsPart: true } check => Messages.Get("PortPartEcho", check.Count, check.Request.Length),
        PortStatus.NotEcho when TlsAlerts.IsAlert(attempt.Check!.Buffer, attempt.Check.Count) => Messages.Get("PortSpeaksTls"),
        PortStatus.NotEcho when attempt.Check is { IsMore: true } check => Messages.Get("PortEchoAndMore", check.Request.Length),
        PortStatus.NotEcho when attempt.Check is { Count: > 0 } check =>
            check.FirstLine.Trim() is { Length: > 0 } line ? Messages.Get("PortNotEcho", line) : Messages.Get("PortEmptyLine"),
        PortStatus.NotEcho => Messages.Get(protocol == SocketProtocol.Udp ? "PortEmptyDatagram" : "PortNoEcho"),
        _ => RefusalText.Explain(attempt, protocol) ?? SocketErrors.TextOf(attempt.Error, attempt.ErrorNumber),
    };

    private static PortAvailability Create(Probe probe, ProbeAttempt? attempt, PortScanOptions options, PortStatus status, string? detail) =>
        new(probe.Host.Name, probe.Port, options.Protocol, status)
        {
            Address = attempt is null ? null : EndPointText.Of(attempt.Address),
            SourceAddress = attempt?.Source is { } source ? EndPointText.Of(source) : null,
            AttemptNumber = attempt?.Number ?? probe.Attempts,
            LatencyMilliseconds = PortStatuses.IsAnswer(status) ? attempt!.LatencyMilliseconds : null,
            Verified = options.Verify,
            Banner = attempt?.Check?.Banner,
            Detail = detail,
        };
}
