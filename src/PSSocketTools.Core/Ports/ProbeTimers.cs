using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>What the probes of a scan wait for, by when it is due.</summary>
/// <remarks>
/// Whatever is of one kind is due after the same time, so that its list is sorted by insertion; only the delays of retries differ.
/// </remarks>
internal sealed class ProbeTimers(PortScanOptions options)
{
    // The clock of Windows ticks 64 times a second; whatever is due within half a tick is due now.
    private static readonly long Slack = HostSystem.IsWindows ? Clock.Ticks(8) : 0;

    private readonly TimeSpan _probeTime = options.RetryLimit ?? options.Timeout;
    private readonly TimeSpan _attemptTime = options.Timeout;
    private readonly TimeSpan _checkTime = options.Verify == PortVerification.Stays ? ProbeCheck.StayTime : options.Timeout;
    private readonly TimeSpan _attemptDelay = TimeSpan.FromTicks(Math.Min(ConnectPace.AttemptDelay.Ticks, options.Timeout.Ticks / 3));
    private readonly LinkedList<Timed<Probe>> _deadlines = new();
    private readonly LinkedList<Timed<ProbeAttempt>> _attemptDeadlines = new();
    private readonly LinkedList<Timed<ProbeAttempt>> _checks = new();
    private readonly LinkedList<Timed<Probe>> _attemptDelays = new();
    private readonly LinkedList<Timed<Probe>> _renewals = new();
    private readonly SortedSet<ScheduledRetry> _retries = [];
    private long _retryNumber;

    /// <summary>The timestamp by which whatever is due now has passed.</summary>
    public static long Now => Clock.System.Timestamp + Slack;

    /// <summary>How long to wait for the next of all, in milliseconds; <see cref="Timeout.Infinite"/> when there is none.</summary>
    public int MillisecondsToNext
    {
        get
        {
            var next = Deadline.Earlier(NextOf(_deadlines), NextOf(_attemptDeadlines));
            next = Deadline.Earlier(next, Deadline.Earlier(NextOf(_attemptDelays), NextOf(_renewals)));
            next = Deadline.Earlier(next, NextOf(_checks));
            next = Deadline.Earlier(next, _retries.Count > 0 ? _retries.Min.Due : Deadline.Never);
            return next.MillisecondsFrom(Now);
        }
    }

    /// <summary>Starts the time of a probe, unless it runs.</summary>
    public void StartDeadline(Probe probe, long from) =>
        probe.DeadlineNode ??= _deadlines.AddLast(new Timed<Probe>(probe, Deadline.AfterLimit(from, _probeTime)));

    /// <summary>Starts the time of an attempt of a probe that waits for its port.</summary>
    public void StartDeadline(ProbeAttempt attempt) =>
        _attemptDeadlines.AddLast(new Timed<ProbeAttempt>(attempt, Deadline.AfterLimit(attempt.StartedAt, _attemptTime)));

    /// <summary>Starts the time of an attempt's check.</summary>
    public void StartCheck(ProbeAttempt attempt) =>
        _checks.AddLast(new Timed<ProbeAttempt>(attempt, Deadline.AfterLimit(Clock.System.Timestamp, _checkTime)));

    /// <summary>Schedules the attempt on a probe's next address, unless it is scheduled.</summary>
    public void StartAttemptDelay(Probe probe, long from) =>
        probe.NextAttemptNode ??= _attemptDelays.AddLast(new Timed<Probe>(probe, Deadline.AfterLimit(from, _attemptDelay)));

    /// <summary>Schedules the next resolution of a probe's name.</summary>
    public void StartRenewal(Probe probe, long from) =>
        _renewals.AddLast(new Timed<Probe>(probe, Deadline.AfterLimit(from, ConnectPace.NameAge)));

    /// <summary>Schedules a retry of the address of an attempt.</summary>
    public void StartRetry(ProbeAttempt last, long from)
    {
        var retry = new ScheduledRetry(last, Deadline.AfterLimit(from, last.RetryDelay), _retryNumber++);
        (Probe.Of(last).Retries ??= []).Add(retry);
        _retries.Add(retry);
    }

    /// <summary>Removes a retry.</summary>
    public void Remove(ScheduledRetry retry)
    {
        _retries.Remove(retry);
        Probe.Of(retry.Last).Retries!.Remove(retry);
    }

    /// <summary>Removes what a probe that has ended waits for. Its renewal stays until it is due.</summary>
    public void Remove(Probe probe)
    {
        Unlink(_deadlines, probe.DeadlineNode);
        Unlink(_attemptDelays, probe.NextAttemptNode);
        probe.Retries?.ForEach(retry => _retries.Remove(retry));
    }

    /// <summary>Removes a probe whose time is over; null when there is none.</summary>
    public Probe? TakeExpired(long now) => Take(_deadlines, now);

    /// <summary>Removes an attempt whose time is over, even if it has ended before; null when there is none.</summary>
    public ProbeAttempt? TakeExpiredAttempt(long now) => Take(_attemptDeadlines, now);

    /// <summary>Removes an attempt whose check's time is over, even if it has ended before; null when there is none.</summary>
    public ProbeAttempt? TakeExpiredCheck(long now) => Take(_checks, now);

    /// <summary>Removes a probe whose next address is due; null when there is none.</summary>
    public Probe? TakeAttemptDelay(long now)
    {
        var probe = Take(_attemptDelays, now);
        if (probe is not null)
        {
            probe.NextAttemptNode = null;
        }

        return probe;
    }

    /// <summary>Removes a probe whose name is to be resolved again, even if it has ended; null when there is none.</summary>
    public Probe? TakeRenewal(long now) => Take(_renewals, now);

    /// <summary>Removes a retry that is due, and returns the last attempt; null when there is none.</summary>
    public ProbeAttempt? TakeRetry(long now)
    {
        if (_retries.Count == 0 || _retries.Min is var retry && !retry.Due.HasPassedBy(now))
        {
            return null;
        }

        Remove(retry);
        return retry.Last;
    }

    private static T? Take<T>(LinkedList<Timed<T>> list, long now)
        where T : class
    {
        if (list.First is not { } first || !first.Value.Due.HasPassedBy(now))
        {
            return null;
        }

        list.RemoveFirst();
        return first.Value.Item;
    }

    private static void Unlink(LinkedList<Timed<Probe>> list, LinkedListNode<Timed<Probe>>? node)
    {
        if (node?.List is not null)
        {
            list.Remove(node);
        }
    }

    private static Deadline NextOf<T>(LinkedList<Timed<T>> list) => list.First?.Value.Due ?? Deadline.Never;

    /// <summary>An item and when it is due.</summary>
    internal readonly record struct Timed<T>(T Item, Deadline Due);

    /// <summary>A scheduled retry, ordered by when it is due; the number distinguishes retries that are due at the same tick.</summary>
    /// <param name="Last">The last attempt on the address, which has ended.</param>
    /// <param name="Due">When it is due.</param>
    /// <param name="Number">A number that is unique in the scan.</param>
    internal readonly record struct ScheduledRetry(ProbeAttempt Last, Deadline Due, long Number) : IComparable<ScheduledRetry>
    {
        public int CompareTo(ScheduledRetry other) => Due.IsBefore(other.Due) ? -1 : other.Due.IsBefore(Due) ? 1 : Number.CompareTo(other.Number);
    }
}
