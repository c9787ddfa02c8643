using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>Runs the probes of a scan, a window of them at a time, on a dedicated thread.</summary>
/// <remarks>
/// All pending probes have the same timeout, so that the list of deadlines is sorted by insertion, and one wait serves them all.
/// </remarks>
internal sealed class ProbeLoop : IDisposable
{
    // The clock of Windows ticks 64 times a second; whatever is due within half a tick is due now.
    private static readonly long Slack = Environment.OSVersion.Platform == PlatformID.Win32NT ? Clock.Ticks(TimeSpan.FromMilliseconds(8)) : 0;

    // How many probes that end at once (refused on loopback) run before the loop checks everything else.
    private const int BatchSize = 64;

    private readonly PortScan _scan;
    private readonly SocketProtocol _protocol;
    private readonly ProbeTransport _transport;
    private readonly Thread _thread;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _tick;
    private readonly TimeSpan? _waitFor;
    private readonly int _window;
    private readonly LinkedList<Timed<Probe>> _deadlines = new();
    private readonly LinkedList<Timed<Probe>> _ticks = new();
    private readonly LinkedList<Timed<ProbeAttempt>> _attemptDeadlines = new();
    private readonly LinkedList<Timed<Probe>> _renewals = new();
    private readonly SortedSet<Retry> _retries = [];
    private readonly Queue<ProbeAttempt> _postponed = new();
    private readonly Queue<Probe> _resolved = new();
    private readonly List<ProbeAttempt> _ended = [];
    private readonly int _maxDescriptors;
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
        _descriptors = _maxDescriptors = DescriptorLimit.Available();
        _window = options.ThrottleLimit;
        _timeout = options.Timeout;
        _tick = TimeSpan.FromTicks(Math.Min(ConnectPace.AttemptDelay.Ticks, _timeout.Ticks / 3));
        _waitFor = options.WaitFor;

        _thread = new Thread(Run) { IsBackground = true, Name = "Port scan" };
        _thread.Start();
    }

    /// <summary>Wakes the loop after a change: new input, or room for results.</summary>
    public void Wake() => _transport.Wake();

    /// <summary>Ends the loop and its thread, and closes the sockets of pending attempts.</summary>
    public void Dispose()
    {
        _stopping = true;
        _transport.Wake();
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                var isBatchFull = StartProbes();
                _scan.Flush();
                _transport.Wait(isBatchFull ? 0 : MillisecondsToNext(), _ended);

                // The ended attempts have no socket any more. All leave the pending lists before any is evaluated, since the success of one
                // abandons the pending others.
                foreach (var attempt in _ended)
                {
                    Remove(attempt);
                }

                foreach (var attempt in _ended)
                {
                    Evaluate(attempt);
                }

                _ended.Clear();
                TakeResolved();
                Expire(Clock.System.Timestamp + Slack);
            }
        }
        catch (Exception exception)
        {
            // Any exception is passed to the reader, which would wait forever otherwise.
            _scan.Fail(exception);
        }
        finally
        {
            _transport.Dispose();
        }
    }

    /// <summary>Fills the window; true when it stopped only because the batch was full.</summary>
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
            Continue(probe);
            return;
        }

        StartDeadline(probe, Clock.System.Timestamp);
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

            Continue(probe);
        }
    }

    /// <summary>Continues a probe after name resolution.</summary>
    private void Continue(Probe probe)
    {
        if (probe.IsDone)
        {
            return;
        }

        var resolution = probe.Host.Resolve();
        if (resolution.Status == TaskStatus.RanToCompletion)
        {
            probe.WhyNoAddress = null;
            SetAddresses(probe, resolution.Result);
        }
        else
        {
            var reason = resolution.Exception!.GetBaseException();
            probe.WhyNoAddress = reason is SocketToolsException ? reason.Message : Messages.Get("SocketFailed", probe.Host.Name, reason.Message);
            if (_waitFor is null)
            {
                End(probe, CreateResult(probe, isTimeUp: false));
                return;
            }
        }

        if (_waitFor is not null)
        {
            var now = Clock.System.Timestamp;
            StartDeadline(probe, now);
            _renewals.AddLast(new Timed<Probe>(probe, Deadline.After(now, ConnectPace.NameAge)));
        }

        Advance(probe);
    }

    /// <summary>Updates the addresses of a probe: attempts on addresses that the name no longer has are abandoned, and new addresses will be tried.</summary>
    private void SetAddresses(Probe probe, IPAddress[] addresses)
    {
        foreach (var attempt in probe.Pending?.Where(attempt => Array.IndexOf(addresses, attempt.Address) < 0).ToArray() ?? [])
        {
            Remove(attempt);
            _transport.Abandon(attempt);
        }

        foreach (var retry in probe.Retries?.Where(retry => Array.IndexOf(addresses, retry.Last.Address) < 0).ToArray() ?? [])
        {
            _retries.Remove(retry);
            probe.Retries!.Remove(retry);
        }

        probe.NextAddress = 0;
        probe.Addresses = probe.HasPending || probe.Retries is { Count: > 0 }
            ? Array.FindAll(addresses, address => !probe.HasAttemptOn(address))
            : addresses;
    }

    /// <summary>Resolves a name again, while a probe waits for its port.</summary>
    private void ResolveAgain(Probe probe, long now)
    {
        if (probe.IsDone)
        {
            return;
        }

        // A postponed attempt is on no list whose addresses could be compared with the new ones.
        var resolution = probe.Postponed > 0 ? null : probe.Host.Resolve(ConnectPace.NameAge);
        if (resolution is null)
        {
            _renewals.AddLast(new Timed<Probe>(probe, Deadline.After(now, ConnectPace.NameAge)));
        }
        else if (resolution.IsCompleted)
        {
            Continue(probe);
        }
        else
        {
            AwaitResolution(probe, resolution);
        }
    }

    /// <summary>Tries the remaining addresses, until an attempt is pending or no address is left.</summary>
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

        EndIfExhausted(probe);
    }

    /// <summary>Begins an attempt; true when it ended at once, false when it is pending or postponed.</summary>
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

        Conclude(attempt);
        return true;
    }

    private void Await(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        _attempts++;
        (probe.Pending ??= []).Add(attempt);
        StartDeadline(probe, attempt.StartedAt);
        if (_waitFor is not null)
        {
            _attemptDeadlines.AddLast(new Timed<ProbeAttempt>(attempt, Deadline.After(attempt.StartedAt, _timeout)));
        }

        if (probe.HasUntried)
        {
            StartTick(probe, attempt.StartedAt);
        }
    }

    private void StartDeadline(Probe probe, long from) =>
        probe.Deadline ??= _deadlines.AddLast(new Timed<Probe>(probe, Deadline.After(from, _waitFor ?? _timeout)));

    private void StartTick(Probe probe, long from) =>
        probe.NextTick ??= _ticks.AddLast(new Timed<Probe>(probe, Deadline.After(from, _tick)));

    /// <summary>Postpones an attempt that found no descriptor until another one ends, and lowers the number of attempts at a time.</summary>
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

        // The descriptors may be free again; if they are not, the next attempt that fails lowers the number once more.
        if (_descriptors < _maxDescriptors)
        {
            _descriptors++;
        }
    }

    /// <summary>Evaluates a pending attempt that has ended.</summary>
    private void Evaluate(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        if (probe.IsDone)
        {
            return;
        }

        // A scan that waits retries anyway, and over UDP silence is no failed connect.
        if (_waitFor is null && _protocol == SocketProtocol.Tcp
            && SynRetransmission.ShouldRetry(attempt.Error, Clock.Between(attempt.StartedAt, attempt.EndedAt)))
        {
            if (!Begin(new ProbeAttempt(attempt.Address, attempt.Port, probe)))
            {
                return;
            }
        }
        else
        {
            Conclude(attempt);
        }

        Advance(probe);
    }

    private void Conclude(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        var status = PortStatuses.Of(attempt.Error);
        if (status == PortStatus.Open)
        {
            End(probe, PortAvailability.CreateAnswered(
                probe.Host.Name, EndPointText.Of(attempt.Address), probe.Port, _protocol, status,
                Clock.Milliseconds(attempt.EndedAt - attempt.StartedAt), null));
            return;
        }

        if (probe.Best is null || probe.Best.Address.Equals(attempt.Address) || PortStatuses.Outranks(status, PortStatuses.Of(probe.Best.Error)))
        {
            probe.Best = attempt;
        }

        if (_waitFor is not null)
        {
            StartDeadline(probe, attempt.StartedAt);
            ScheduleRetry(probe, attempt, Deadline.After(attempt.StartedAt, attempt.RetryDelay));
        }
    }

    /// <summary>Schedules a retry of the address of an attempt.</summary>
    private void ScheduleRetry(Probe probe, ProbeAttempt last, Deadline due)
    {
        var retry = new Retry(last, due, _retryNumber++);
        (probe.Retries ??= []).Add(retry);
        _retries.Add(retry);
    }

    /// <summary>Ends a probe that has nothing left to try; a probe that waits for its port retries until its time is over.</summary>
    private void EndIfExhausted(Probe probe)
    {
        if (_waitFor is null && !probe.IsDone && !probe.HasPending && probe.Postponed == 0 && !probe.HasUntried)
        {
            End(probe, CreateResult(probe, isTimeUp: false));
        }
    }

    private PortAvailability CreateResult(Probe probe, bool isTimeUp)
    {
        var silent = isTimeUp && probe.Pending is { Count: > 0 } pending ? pending[0] : null;
        var best = probe.Best;
        var silentStatus = _protocol == SocketProtocol.Udp ? PortStatus.OpenOrFiltered : PortStatus.TimedOut;
        if (best is null && silent is null && probe.WhyNoAddress is { } reason)
        {
            return Unanswered(PortStatus.NameNotFound, reason);
        }

        if (best is null && silent is null && !probe.Host.Resolve().IsCompleted)
        {
            return Unanswered(PortStatus.TimedOut, AddressName.NotResolvedYet(probe.Host.Name).Message);
        }

        if (best is null || (silent is not null && PortStatuses.Outranks(silentStatus, PortStatuses.Of(best.Error))))
        {
            return PortAvailability.CreateUnanswered(
                probe.Host.Name, silent is null ? null : EndPointText.Of(silent.Address), probe.Port, _protocol, silentStatus, null);
        }

        var status = PortStatuses.Of(best.Error);
        var address = EndPointText.Of(best.Address);
        return status == PortStatus.Closed
            ? PortAvailability.CreateAnswered(
                probe.Host.Name, address, probe.Port, _protocol, status, Clock.Milliseconds(best.EndedAt - best.StartedAt), null)
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

        probe.Retries?.ForEach(retry => _retries.Remove(retry));
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
        while (_deadlines.First is { } first && first.Value.Due.HasPassedBy(now))
        {
            End(first.Value.Item, CreateResult(first.Value.Item, isTimeUp: true));
        }

        while (_attemptDeadlines.First is { } first && first.Value.Due.HasPassedBy(now))
        {
            _attemptDeadlines.RemoveFirst();
            TimeOut(first.Value.Item);
        }

        while (_ticks.First is { } first && first.Value.Due.HasPassedBy(now))
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
                StartTick(probe, now);
            }
        }

        while (_renewals.First is { } first && first.Value.Due.HasPassedBy(now))
        {
            _renewals.RemoveFirst();
            ResolveAgain(first.Value.Item, now);
        }

        while (_retries.Count > 0 && _retries.Min is var retry && retry.Due.HasPassedBy(now))
        {
            BeginRetry(retry, now);
        }
    }

    private void BeginRetry(Retry retry, long now)
    {
        var last = retry.Last;
        var probe = (Probe)last.Owner;
        _retries.Remove(retry);
        probe.Retries!.Remove(retry);
        if (_attempts >= _descriptors)
        {
            ScheduleRetry(probe, last, Deadline.After(now, last.RetryDelay));
            return;
        }

        var delay = ConnectPace.NextRetryDelay(last.RetryDelay, IPAddress.IsLoopback(last.Address));
        _ = Begin(new ProbeAttempt(last.Address, last.Port, probe) { RetryDelay = delay });
    }

    /// <summary>Ends an attempt that timed out, of a probe that goes on waiting for its port.</summary>
    private void TimeOut(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        if (probe.IsDone || probe.Pending?.Contains(attempt) is not true)
        {
            return;
        }

        Remove(attempt);
        _transport.Abandon(attempt);
        attempt.End(SocketError.TimedOut);
        Conclude(attempt);
        Advance(probe);
    }

    private int MillisecondsToNext()
    {
        var next = Deadline.Earlier(NextOf(_deadlines), Deadline.Earlier(NextOf(_ticks), NextOf(_renewals)));
        next = Deadline.Earlier(next, NextOf(_attemptDeadlines));
        next = Deadline.Earlier(next, _retries.Count > 0 ? _retries.Min.Due : Deadline.Never);
        return next.MillisecondsFrom(Clock.System.Timestamp + Slack);
    }

    private static Deadline NextOf<T>(LinkedList<Timed<T>> list) => list.First?.Value.Due ?? Deadline.Never;
}
