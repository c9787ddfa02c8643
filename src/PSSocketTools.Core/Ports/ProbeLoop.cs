using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>Runs the probes of a scan, a window of them at a time, on a dedicated thread.</summary>
internal sealed class ProbeLoop : IDisposable
{
    // How many probes that end at once (refused on loopback) run before the loop checks everything else.
    private const int BatchSize = 64;

    private readonly PortScan _scan;
    private readonly SocketProtocol _protocol;
    private readonly ProbeTransport _transport;
    private readonly Thread _thread;
    private readonly bool _waits;
    private readonly int _window;
    private readonly ProbeTimers _timers;
    private readonly PendingAttempts _attempts;
    private readonly Queue<Probe> _resolved = new();
    private readonly List<ProbeAttempt> _ended = [];
    private int _probes;
    private volatile bool _stopping;

    public ProbeLoop(PortScan scan, PortScanOptions options, ProbeTransport transport)
    {
        _scan = scan;
        _transport = transport;
        _protocol = options.Protocol;
        _window = options.ThrottleLimit;
        _waits = options.WaitFor is not null;
        _timers = new ProbeTimers(options);
        _attempts = new PendingAttempts(transport);
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
                _transport.Wait(isBatchFull ? 0 : _timers.MillisecondsToNext, _ended);

                // The ended attempts have no socket any more. All leave the pending lists before any is evaluated, since the success of one
                // abandons the pending others.
                foreach (var attempt in _ended)
                {
                    _attempts.Remove(attempt);
                }

                foreach (var attempt in _ended)
                {
                    Evaluate(attempt);
                }

                _ended.Clear();
                TakeResolved();
                Expire(ProbeTimers.Now);
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
            if (_attempts.HasPostponed)
            {
                if (!_attempts.HasRoom)
                {
                    return false;
                }

                Resume(_attempts.TakePostponed());
                continue;
            }

            if (_probes >= _window || !_attempts.HasRoom || _scan.Take() is not { } probe)
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

        _timers.StartDeadline(probe, Clock.System.Timestamp);
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
            if (!_waits)
            {
                End(probe, ProbeResult.Of(probe, _protocol, isTimeUp: false));
                return;
            }
        }

        if (_waits)
        {
            var now = Clock.System.Timestamp;
            _timers.StartDeadline(probe, now);
            _timers.StartRenewal(probe, now);
        }

        Advance(probe);
    }

    /// <summary>Updates the addresses of a probe: attempts on addresses that the name no longer has are abandoned, and new addresses will be tried.</summary>
    private void SetAddresses(Probe probe, IPAddress[] addresses)
    {
        foreach (var attempt in probe.Pending?.Where(attempt => Array.IndexOf(addresses, attempt.Address) < 0).ToArray() ?? [])
        {
            _attempts.Abandon(attempt);
        }

        foreach (var retry in probe.Retries?.Where(retry => Array.IndexOf(addresses, retry.Last.Address) < 0).ToArray() ?? [])
        {
            _timers.Remove(retry);
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
            _timers.StartRenewal(probe, now);
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
        switch (_attempts.Begin(attempt))
        {
            case AttemptStart.Ended:
                Conclude(attempt);
                return true;

            case AttemptStart.Pending:
                StartTimers(attempt);
                return false;

            default:
                return false;
        }
    }

    private void StartTimers(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        _timers.StartDeadline(probe, attempt.StartedAt);
        if (_waits)
        {
            _timers.StartDeadline(attempt);
        }

        if (probe.HasUntried)
        {
            _timers.StartTick(probe, attempt.StartedAt);
        }
    }

    private void Resume(ProbeAttempt postponed)
    {
        var probe = (Probe)postponed.Owner;
        if (!probe.IsDone && Begin(postponed))
        {
            Advance(probe);
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
        if (!_waits && _protocol == SocketProtocol.Tcp
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
            End(probe, ProbeResult.Open(probe, attempt, _protocol));
            return;
        }

        if (probe.Best is null || probe.Best.Address.Equals(attempt.Address) || PortStatuses.Outranks(status, PortStatuses.Of(probe.Best.Error)))
        {
            probe.Best = attempt;
        }

        if (_waits)
        {
            _timers.StartDeadline(probe, attempt.StartedAt);
            _timers.StartRetry(attempt, attempt.StartedAt);
        }
    }

    /// <summary>Ends a probe that has nothing left to try; a probe that waits for its port retries until its time is over.</summary>
    private void EndIfExhausted(Probe probe)
    {
        if (!_waits && !probe.IsDone && !probe.HasPending && probe.Postponed == 0 && !probe.HasUntried)
        {
            End(probe, ProbeResult.Of(probe, _protocol, isTimeUp: false));
        }
    }

    private void End(Probe probe, PortAvailability result)
    {
        probe.IsDone = true;
        _probes--;
        _timers.Remove(probe);
        _attempts.AbandonAll(probe);
        _scan.Finish(probe, result);
    }

    private void Expire(long now)
    {
        while (_timers.TakeExpired(now) is { } expired)
        {
            End(expired, ProbeResult.Of(expired, _protocol, isTimeUp: true));
        }

        while (_timers.TakeExpiredAttempt(now) is { } silent)
        {
            TimeOut(silent);
        }

        while (_timers.TakeTick(now) is { } probe)
        {
            if (_attempts.HasRoom)
            {
                Advance(probe);
            }
            else
            {
                _timers.StartTick(probe, now);
            }
        }

        while (_timers.TakeRenewal(now) is { } probe)
        {
            ResolveAgain(probe, now);
        }

        while (_timers.TakeRetry(now) is { } last)
        {
            Retry(last, now);
        }
    }

    private void Retry(ProbeAttempt last, long now)
    {
        if (!_attempts.HasRoom)
        {
            _timers.StartRetry(last, now);
            return;
        }

        var delay = ConnectPace.NextRetryDelay(last.RetryDelay, IPAddress.IsLoopback(last.Address));
        _ = Begin(new ProbeAttempt(last.Address, last.Port, last.Owner) { RetryDelay = delay });
    }

    /// <summary>Ends an attempt that timed out, of a probe that goes on waiting for its port.</summary>
    private void TimeOut(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        if (probe.IsDone || probe.Pending?.Contains(attempt) is not true)
        {
            return;
        }

        _attempts.Abandon(attempt);
        attempt.End(SocketError.TimedOut);
        Conclude(attempt);
        Advance(probe);
    }
}
