using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <content>The attempts of probes, and what becomes of each.</content>
internal sealed partial class ProbeLoop
{
    /// <summary>Tries the remaining addresses, until an attempt is pending or no address is left.</summary>
    private void Advance(Probe probe)
    {
        while (!probe.IsDone && probe.HasUntried)
        {
            var attempt = probe.NextAttempt(probe.Addresses[probe.NextAddress++], ConnectPace.RetryDelay, NewCheck());
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
            case PendingAttempts.StartResult.Ended:
                Conclude(attempt);
                return true;

            case PendingAttempts.StartResult.Pending:
                StartTimers(attempt);
                return false;

            default:
                return false;
        }
    }

    private void StartTimers(ProbeAttempt attempt)
    {
        var probe = Probe.Of(attempt);
        _timers.StartDeadline(probe, attempt.StartedAt);
        if (_waits)
        {
            _timers.StartDeadline(attempt);
        }

        if (probe.HasUntried)
        {
            _timers.StartAttemptDelay(probe, attempt.StartedAt);
        }
    }

    private void Resume(ProbeAttempt postponed)
    {
        var probe = Probe.Of(postponed);
        if (!probe.IsDone && Begin(postponed))
        {
            Advance(probe);
        }
    }

    /// <summary>Evaluates a pending attempt that has ended.</summary>
    private void Evaluate(ProbeAttempt attempt)
    {
        var probe = Probe.Of(attempt);
        if (probe.IsDone)
        {
            return;
        }

        // A scan that waits retries anyway, and over UDP silence is no failed connect.
        if (!_waits && _protocol == SocketProtocol.Tcp
            && SynRetransmission.ShouldRetry(attempt.Error, Clock.Between(attempt.StartedAt, attempt.EndedAt)))
        {
            if (!Begin(attempt.Again()))
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
        var probe = Probe.Of(attempt);
        var status = PortStatuses.Of(attempt, _protocol);
        _trace?.Ended(attempt, status);
        if (probe.Best is null || probe.Best.Address.Equals(attempt.Address) || PortStatuses.Outranks(status, PortStatuses.Of(probe.Best, _protocol)))
        {
            probe.Best = attempt;
        }

        if (IsReached(probe, attempt, status))
        {
            probe.Best = attempt;
            End(probe, ProbeResult.Create(probe, _options, isTimeUp: false));
        }
        else if (probe.IsOverdue && !probe.IsChecking)
        {
            End(probe, ProbeResult.Create(probe, _options, isTimeUp: true));
        }
        else if (_waits)
        {
            _timers.StartDeadline(probe, attempt.StartedAt);
            _timers.StartRetry(attempt, attempt.StartedAt);
        }
    }

    /// <summary>Whether the probe has found what it was to find. Only an open port ends one that does not wait before it has tried all addresses.</summary>
    private bool IsReached(Probe probe, ProbeAttempt attempt, PortStatus status)
    {
        if (_goal != PortGoal.Closed)
        {
            return status == PortStatus.Open;
        }

        var outcomes = probe.Outcomes;
        outcomes[attempt.Address] = status;
        return Array.TrueForAll(probe.AllAddresses, address => outcomes.TryGetValue(address, out var last) && PortStatuses.IsGone(last));
    }

    private ProbeCheck? NewCheck() => _options.Verify == PortVerification.None ? null : new ProbeCheck(_options.Verify, _protocol == SocketProtocol.Udp);

    /// <summary>Ends the check of a connection whose time is up.</summary>
    private void EndCheck(ProbeAttempt attempt)
    {
        var probe = Probe.Of(attempt);
        if (probe.IsDone || probe.Pending?.Contains(attempt) is not true)
        {
            return;
        }

        attempt.Check!.TimeUp();
        _attempts.Abandon(attempt);
        Conclude(attempt);
        Advance(probe);
    }

    private void TraceAbandoned(Probe probe, PortStatus status)
    {
        if (_trace is not null && probe.HasPending)
        {
            PortStatus? found = status == PortStatus.Open ? null : _silent;
            probe.Pending!.ForEach(attempt => _trace.Abandoned(attempt, found));
        }
    }

    /// <summary>Ends a probe that has nothing left to try; a probe that waits for its port retries until its time is over.</summary>
    private void EndIfExhausted(Probe probe)
    {
        if (!_waits && !probe.IsDone && !probe.HasPending && probe.Postponed == 0 && !probe.HasUntried)
        {
            End(probe, ProbeResult.Create(probe, _options, isTimeUp: false));
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
        _ = Begin(Probe.Of(last).NextAttempt(last.Address, delay, NewCheck()));
    }

    /// <summary>Ends an attempt that timed out, of a probe that goes on waiting for its port.</summary>
    private void TimeOut(ProbeAttempt attempt)
    {
        var probe = Probe.Of(attempt);
        if (probe.IsDone || attempt.IsConnected || probe.Pending?.Contains(attempt) is not true)
        {
            return;
        }

        _attempts.Abandon(attempt);
        attempt.End(SocketError.TimedOut);
        Conclude(attempt);
        Advance(probe);
    }
}
