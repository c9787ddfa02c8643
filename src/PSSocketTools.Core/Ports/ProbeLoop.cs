using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>Runs the probes of a scan, a window of them at a time, on one thread of its own.</summary>
/// <remarks>
/// All that is under way has one timeout, so the list of deadlines is in order by itself: one wait serves them all, at no cost a probe.
/// </remarks>
internal sealed class ProbeLoop : IDisposable
{
    // The clock of Windows ticks 64 times a second; what is due before the next tick but one half is due now.
    private static readonly long Slack = Environment.OSVersion.Platform == PlatformID.Win32NT ? Stopwatch.Frequency * 8 / 1000 : 0;

    // So many probes that end at once (refused on loopback) go between two looks at everything else.
    private const int BatchSize = 64;

    private readonly PortScan _scan;
    private readonly SocketProtocol _protocol;
    private readonly ProbeTransport _transport;
    private readonly Thread _thread;
    private readonly long _timeout;
    private readonly long _tick;
    private readonly long? _waitFor;
    private readonly int _window;
    private readonly LinkedList<Timed<Probe>> _deadlines = new();
    private readonly LinkedList<Timed<Probe>> _ticks = new();
    private readonly LinkedList<Timed<ProbeAttempt>> _attemptDeadlines = new();
    private readonly LinkedList<Timed<Probe>> _renewals = new();
    private readonly SortedSet<Retry> _retries = [];
    private readonly Queue<ProbeAttempt> _postponed = new();
    private readonly Queue<Probe> _resolved = new();
    private readonly List<ProbeAttempt> _ended = [];
    private readonly int _mostDescriptors;
    private int _descriptors;
    private int _probes;
    private int _attempts;
    private long _retryNumber;
    private volatile bool _stopping;

    public ProbeLoop(PortScan scan, PortScanOptions options, ProbeTransport transport)
    {
        _scan = scan;
        _transport = transport;
        _protocol = options.Protocol;
        _descriptors = _mostDescriptors = DescriptorLimit.Available();
        _window = options.ThrottleLimit;
        _timeout = Ticks(options.Timeout);
        _tick = Math.Min(Ticks(ConnectPace.AttemptDelay), _timeout / 3);
        if (options.WaitFor is { } waitFor)
        {
            _waitFor = waitFor == TimeSpan.MaxValue ? long.MaxValue / 2 : Ticks(waitFor);
        }

        _thread = new Thread(Run) { IsBackground = true, Name = "Port scan" };
        _thread.Start();
    }

    /// <summary>Lets the loop look at what changed: a new input, room for results.</summary>
    public void Wake() => _transport.Wake();

    /// <summary>Ends the loop and its thread, and closes every socket under way.</summary>
    public void Dispose()
    {
        _stopping = true;
        _transport.Wake();
        _thread.Join();
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private static double Milliseconds(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                var isHungry = StartProbes();
                _scan.Flush();
                _transport.Wait(isHungry ? 0 : MillisecondsToNext(), _ended);

                // What ended has no socket any more: all of it leaves the pending lists before any is judged, as one's success abandons the others.
                foreach (var attempt in _ended)
                {
                    Remove(attempt);
                }

                foreach (var attempt in _ended)
                {
                    Judge(attempt);
                }

                _ended.Clear();
                TakeResolved();
                Expire(Stopwatch.GetTimestamp() + Slack);
            }
        }
        catch (Exception exception)
        {
            // Whatever it is, the reader is told rather than left waiting.
            _scan.Fail(exception);
        }
        finally
        {
            _transport.Dispose();
        }
    }

    /// <summary>Fills the window. True where it stopped only to let others have their turn.</summary>
    private bool StartProbes()
    {
        for (var i = 0; i < BatchSize; i++)
        {
            if (_postponed.Count > 0)
            {
                if (_attempts >= _descriptors)
                {
                    return false;
                }

                Resume(_postponed.Dequeue());
                continue;
            }

            if (_probes >= _window || _attempts >= _descriptors || _scan.Take() is not { } probe)
            {
                return false;
            }

            _probes++;
            Resolve(probe);
        }

        return true;
    }

    private void Resolve(Probe probe)
    {
        var resolution = probe.Host.Resolve();
        if (resolution.IsCompleted)
        {
            Open(probe);
            return;
        }

        ArmDeadline(probe, Stopwatch.GetTimestamp());
        AwaitResolution(probe, resolution);
    }

    private void AwaitResolution(Probe probe, Task<IPAddress[]> resolution) => resolution.ContinueWith(
        _ =>
        {
            lock (_resolved)
            {
                _resolved.Enqueue(probe);
            }

            _transport.Wake();
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    private void TakeResolved()
    {
        while (true)
        {
            Probe probe;
            lock (_resolved)
            {
                if (_resolved.Count == 0)
                {
                    return;
                }

                probe = _resolved.Dequeue();
            }

            Open(probe);
        }
    }

    /// <summary>Goes on with a probe whose name the resolver has answered for.</summary>
    private void Open(Probe probe)
    {
        if (probe.IsDone)
        {
            return;
        }

        var resolution = probe.Host.Resolve();
        if (resolution.Status == TaskStatus.RanToCompletion)
        {
            probe.WhyNoAddress = null;
            Take(probe, resolution.Result);
        }
        else
        {
            var reason = resolution.Exception!.GetBaseException();
            probe.WhyNoAddress = reason is SocketToolsException ? reason.Message : Messages.Get("SocketFailed", probe.Host.Name, reason.Message);
            if (_waitFor is null)
            {
                End(probe, Verdict(probe, isTimeUp: false));
                return;
            }
        }

        if (_waitFor is not null)
        {
            var now = Stopwatch.GetTimestamp();
            ArmDeadline(probe, now);
            _renewals.AddLast(new Timed<Probe>(probe, now + Ticks(ConnectPace.NameAge)));
        }

        Advance(probe);
    }

    /// <summary>Takes the addresses a name has by now: those it has no more are given up, and new ones are to be tried.</summary>
    private void Take(Probe probe, IPAddress[] addresses)
    {
        foreach (var attempt in probe.Pending?.Where(attempt => Array.IndexOf(addresses, attempt.Address) < 0).ToArray() ?? [])
        {
            Remove(attempt);
            _transport.Abandon(attempt);
        }

        foreach (var retry in probe.Resting?.Where(retry => Array.IndexOf(addresses, retry.Last.Address) < 0).ToArray() ?? [])
        {
            _retries.Remove(retry);
            probe.Resting!.Remove(retry);
        }

        probe.NextAddress = 0;
        probe.Addresses = probe.HasPending || probe.Resting is { Count: > 0 }
            ? Array.FindAll(addresses, address => !probe.Knows(address))
            : addresses;
    }

    /// <summary>Asks for the addresses of a name again, while a probe waits for its port.</summary>
    private void Renew(Probe probe, long now)
    {
        if (probe.IsDone)
        {
            return;
        }

        // An attempt that waits for a descriptor is on no list the addresses could be compared with.
        var resolution = probe.Postponed > 0 ? null : probe.Host.Resolve(ConnectPace.NameAge);
        if (resolution is null)
        {
            _renewals.AddLast(new Timed<Probe>(probe, now + Ticks(ConnectPace.NameAge)));
        }
        else if (resolution.IsCompleted)
        {
            Open(probe);
        }
        else
        {
            AwaitResolution(probe, resolution);
        }
    }

    /// <summary>Tries the addresses that were not tried yet, until one is left waiting or none is left.</summary>
    private void Advance(Probe probe)
    {
        while (!probe.IsDone && probe.HasUntried)
        {
            var attempt = new ProbeAttempt(probe.Addresses[probe.NextAddress++], probe.Port, probe) { RetryDelay = ConnectPace.RetryDelay };
            if (!Begin(attempt))
            {
                return;
            }
        }

        Settle(probe);
    }

    /// <summary>Begins an attempt. True where it ended at once, false where it is left waiting.</summary>
    private bool Begin(ProbeAttempt attempt)
    {
        if (!_transport.Begin(attempt))
        {
            Await(attempt);
            return false;
        }

        if (SocketErrors.IsExhausted(attempt.Error))
        {
            Postpone(attempt);
            return false;
        }

        Answer(attempt);
        return true;
    }

    private void Await(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        _attempts++;
        (probe.Pending ??= []).Add(attempt);
        ArmDeadline(probe, attempt.StartedAt);
        if (_waitFor is not null)
        {
            _attemptDeadlines.AddLast(new Timed<ProbeAttempt>(attempt, attempt.StartedAt + _timeout));
        }

        if (probe.HasUntried)
        {
            ArmTick(probe, attempt.StartedAt);
        }
    }

    private void ArmDeadline(Probe probe, long from) =>
        probe.Deadline ??= _deadlines.AddLast(new Timed<Probe>(probe, from + (_waitFor ?? _timeout)));

    private void ArmTick(Probe probe, long from) =>
        probe.NextTick ??= _ticks.AddLast(new Timed<Probe>(probe, from + _tick));

    /// <summary>The limit on open files is nearer than it was: fewer at a time, then, and this one as soon as another ends.</summary>
    private void Postpone(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        if (_attempts == 0)
        {
            throw SocketErrors.Exhausted(EndPointText.Of(probe.Host.Name, probe.Port), new SocketException((int)attempt.Error));
        }

        _descriptors = _attempts;
        probe.Postponed++;
        _postponed.Enqueue(attempt);
    }

    private void Resume(ProbeAttempt postponed)
    {
        var probe = (Probe)postponed.Owner;
        probe.Postponed--;
        if (!probe.IsDone && Begin(new ProbeAttempt(postponed.Address, postponed.Port, probe) { RetryDelay = postponed.RetryDelay }))
        {
            Advance(probe);
        }
    }

    private void Remove(ProbeAttempt attempt)
    {
        ((Probe)attempt.Owner).Pending!.Remove(attempt);
        _attempts--;

        // Who took the descriptors may have given them back. Where that is not so, the next attempt too many says it again.
        if (_descriptors < _mostDescriptors)
        {
            _descriptors++;
        }
    }

    /// <summary>Takes what an attempt that was pending brought.</summary>
    private void Judge(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        if (probe.IsDone)
        {
            return;
        }

        // A scan that waits tries again by itself, and a silent UDP port is no connect that was given up.
        if (_waitFor is null && _protocol == SocketProtocol.Tcp
            && SynRetransmission.MayBeginAnew(attempt.Error, TimeSpan.FromMilliseconds(Milliseconds(attempt.EndedAt - attempt.StartedAt))))
        {
            if (!Begin(new ProbeAttempt(attempt.Address, attempt.Port, probe)))
            {
                return;
            }
        }
        else
        {
            Answer(attempt);
        }

        Advance(probe);
    }

    private void Answer(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        var status = PortStatuses.Of(attempt.Error);
        if (status == PortStatus.Open)
        {
            End(probe, PortAvailability.CreateAnswered(
                probe.Host.Name, EndPointText.Of(attempt.Address), probe.Port, _protocol, status,
                Milliseconds(attempt.EndedAt - attempt.StartedAt), null));
            return;
        }

        if (probe.Best is null || probe.Best.Address.Equals(attempt.Address) || PortStatuses.Outranks(status, PortStatuses.Of(probe.Best.Error)))
        {
            probe.Best = attempt;
        }

        if (_waitFor is not null)
        {
            ArmDeadline(probe, attempt.StartedAt);
            Rest(probe, attempt, attempt.StartedAt + Ticks(attempt.RetryDelay));
        }
    }

    /// <summary>Has the address of an attempt tried again later.</summary>
    private void Rest(Probe probe, ProbeAttempt last, long until)
    {
        var retry = new Retry(last, until, _retryNumber++);
        (probe.Resting ??= []).Add(retry);
        _retries.Add(retry);
    }

    /// <summary>Ends a probe that has nothing left to try; one that waits for its port to open has that until its time is up.</summary>
    private void Settle(Probe probe)
    {
        if (_waitFor is null && !probe.IsDone && !probe.HasPending && probe.Postponed == 0 && !probe.HasUntried)
        {
            End(probe, Verdict(probe, isTimeUp: false));
        }
    }

    private PortAvailability Verdict(Probe probe, bool isTimeUp)
    {
        var silent = isTimeUp && probe.Pending is { Count: > 0 } pending ? pending[0] : null;
        var best = probe.Best;
        var silence = _protocol == SocketProtocol.Udp ? PortStatus.OpenOrFiltered : PortStatus.TimedOut;
        if (best is null && silent is null && probe.WhyNoAddress is { } reason)
        {
            return Unanswered(PortStatus.NameNotFound, reason);
        }

        if (best is null && silent is null && !probe.Host.Resolve().IsCompleted)
        {
            return Unanswered(PortStatus.TimedOut, AddressName.NotResolvedYet(probe.Host.Name).Message);
        }

        if (best is null || (silent is not null && PortStatuses.Outranks(silence, PortStatuses.Of(best.Error))))
        {
            return PortAvailability.CreateUnanswered(
                probe.Host.Name, silent is null ? null : EndPointText.Of(silent.Address), probe.Port, _protocol, silence, null);
        }

        var status = PortStatuses.Of(best.Error);
        var address = EndPointText.Of(best.Address);
        return status == PortStatus.Closed
            ? PortAvailability.CreateAnswered(
                probe.Host.Name, address, probe.Port, _protocol, status, Milliseconds(best.EndedAt - best.StartedAt), null)
            : PortAvailability.CreateUnanswered(
                probe.Host.Name, address, probe.Port, _protocol, status, SocketErrors.TextOf(best.Error, best.ErrorNumber));

        PortAvailability Unanswered(PortStatus why, string detail) =>
            PortAvailability.CreateUnanswered(probe.Host.Name, null, probe.Port, _protocol, why, detail);
    }

    private void End(Probe probe, PortAvailability result)
    {
        probe.IsDone = true;
        _probes--;
        Unlink(_deadlines, probe.Deadline);
        Unlink(_ticks, probe.NextTick);
        if (probe.Pending is { Count: > 0 } pending)
        {
            _attempts -= pending.Count;
            foreach (var attempt in pending)
            {
                _transport.Abandon(attempt);
            }

            pending.Clear();
        }

        probe.Resting?.ForEach(retry => _retries.Remove(retry));
        _scan.Finish(probe, result);
    }

    private static void Unlink(LinkedList<Timed<Probe>> list, LinkedListNode<Timed<Probe>>? node)
    {
        if (node?.List is not null)
        {
            list.Remove(node);
        }
    }

    private void Expire(long now)
    {
        while (_deadlines.First is { } first && first.Value.Due <= now)
        {
            End(first.Value.Item, Verdict(first.Value.Item, isTimeUp: true));
        }

        while (_attemptDeadlines.First is { } first && first.Value.Due <= now)
        {
            _attemptDeadlines.RemoveFirst();
            GiveUp(first.Value.Item);
        }

        while (_ticks.First is { } first && first.Value.Due <= now)
        {
            var probe = first.Value.Item;
            _ticks.RemoveFirst();
            probe.NextTick = null;
            if (_attempts < _descriptors)
            {
                Advance(probe);
            }
            else
            {
                ArmTick(probe, now);
            }
        }

        while (_renewals.First is { } first && first.Value.Due <= now)
        {
            _renewals.RemoveFirst();
            Renew(first.Value.Item, now);
        }

        while (_retries.Count > 0 && _retries.Min is var retry && retry.Due <= now)
        {
            TryAgain(retry, now);
        }
    }

    private void TryAgain(Retry retry, long now)
    {
        var last = retry.Last;
        var probe = (Probe)last.Owner;
        _retries.Remove(retry);
        probe.Resting!.Remove(retry);
        if (_attempts >= _descriptors)
        {
            Rest(probe, last, now + Ticks(last.RetryDelay));
            return;
        }

        var delay = ConnectPace.NextRetryDelay(last.RetryDelay, IPAddress.IsLoopback(last.Address));
        _ = Begin(new ProbeAttempt(last.Address, last.Port, probe) { RetryDelay = delay });
    }

    /// <summary>An attempt of a probe that waits for the port has had its time; the probe has not.</summary>
    private void GiveUp(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        if (probe.IsDone || probe.Pending?.Contains(attempt) is not true)
        {
            return;
        }

        Remove(attempt);
        _transport.Abandon(attempt);
        attempt.End(SocketError.TimedOut);
        Answer(attempt);
        Advance(probe);
    }

    private long? RetryDue() => _retries.Count > 0 ? _retries.Min.Due : null;

    private int MillisecondsToNext()
    {
        var next = long.MaxValue;
        foreach (var due in new[] { _deadlines.First?.Value.Due, _ticks.First?.Value.Due, _attemptDeadlines.First?.Value.Due, _renewals.First?.Value.Due, RetryDue() })
        {
            next = Math.Min(next, due ?? long.MaxValue);
        }

        if (next == long.MaxValue)
        {
            return -1;
        }

        var left = next - Slack - Stopwatch.GetTimestamp();
        return left <= 0 ? 0 : (int)Math.Min(Math.Ceiling(Milliseconds(left)), int.MaxValue);
    }
}
