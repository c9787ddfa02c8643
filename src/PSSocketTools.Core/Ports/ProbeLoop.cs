using System.Diagnostics;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Resources;
using PSSocketTools.Transport;

namespace PSSocketTools.Ports;

/// <summary>Runs the probes of a scan, a window of them at a time, on one thread of its own.</summary>
/// <remarks>
/// All that is under way has one timeout, so the list of deadlines is in order by itself: one wait serves them all, at no cost a probe.
/// </remarks>
internal sealed class ProbeLoop : IDisposable
{
    /// <summary>How long a silent address keeps a name's next one from being tried beside it (RFC 8305, section 8).</summary>
    private static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>How long after one attempt the next begins, while waiting for a port to open.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(30);

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
    private readonly Queue<Probe> _postponed = new();
    private readonly Queue<Probe> _resolved = new();
    private readonly List<ProbeAttempt> _ended = [];
    private int _descriptors;
    private int _probes;
    private int _attempts;
    private volatile bool _stopping;

    public ProbeLoop(PortScan scan, PortScanOptions options, ProbeTransport transport)
    {
        _scan = scan;
        _transport = transport;
        _protocol = options.Protocol;
        _descriptors = DescriptorLimit.Available();
        _window = options.ThrottleLimit;
        _timeout = Ticks(options.Timeout);
        if (options.WaitFor is { } waitFor)
        {
            _waitFor = waitFor == TimeSpan.MaxValue ? long.MaxValue / 2 : Ticks(waitFor);
            _tick = Ticks(RetryDelay);
        }
        else
        {
            _tick = Math.Min(Ticks(AttemptDelay), _timeout / 3);
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

                Advance(_postponed.Dequeue());
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

        resolution.ContinueWith(
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
    }

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

    private void Open(Probe probe)
    {
        var resolution = probe.Host.Resolve();
        if (resolution.Status != TaskStatus.RanToCompletion)
        {
            var reason = resolution.Exception!.GetBaseException();
            var detail = reason is SocketToolsException ? reason.Message : Messages.Get("SocketFailed", probe.Host.Name, reason.Message);
            End(probe, PortAvailability.CreateUnanswered(
                probe.Host.Name, null, probe.Port, _protocol, PortStatus.NameNotFound, detail));
            return;
        }

        probe.Addresses = resolution.Result;
        Advance(probe);
    }

    /// <summary>Tries the addresses that are due, until one is left waiting or none is left.</summary>
    private void Advance(Probe probe)
    {
        while (!probe.IsDone && probe.Tried < probe.Addresses.Length)
        {
            var attempt = new ProbeAttempt(probe.Addresses[probe.NextAddress], probe.Port, probe);
            if (!_transport.Begin(attempt))
            {
                Await(probe, attempt);
                return;
            }

            if (SocketErrors.IsExhausted(attempt.Error))
            {
                Postpone(probe, attempt);
                return;
            }

            Count(probe);
            Answer(probe, attempt);
        }

        Settle(probe);
    }

    private static void Count(Probe probe)
    {
        probe.Tried++;
        probe.NextAddress = (probe.NextAddress + 1) % probe.Addresses.Length;
    }

    private void Await(Probe probe, ProbeAttempt attempt)
    {
        Count(probe);
        _attempts++;
        (probe.Pending ??= []).Add(attempt);
        probe.Deadline ??= _deadlines.AddLast(new Timed<Probe>(probe, attempt.StartedAt + (_waitFor ?? _timeout)));
        if (_waitFor is not null)
        {
            _attemptDeadlines.AddLast(new Timed<ProbeAttempt>(attempt, attempt.StartedAt + _timeout));
            ArmTick(probe, attempt.StartedAt);
        }
        else if (probe.Tried < probe.Addresses.Length)
        {
            ArmTick(probe, attempt.StartedAt);
        }
    }

    private void ArmTick(Probe probe, long from) =>
        probe.NextTick ??= _ticks.AddLast(new Timed<Probe>(probe, from + _tick));

    /// <summary>The limit on open files is nearer than it was: fewer at a time, then, and this one as soon as another ends.</summary>
    private void Postpone(Probe probe, ProbeAttempt attempt)
    {
        if (_attempts == 0)
        {
            throw new SocketToolsException(
                SocketToolsError.TooManyOpenFiles,
                Messages.Get("TooManyOpenFiles", EndPointText.Of(probe.Host.Name, probe.Port)),
                probe.Host.Name,
                new SocketException((int)attempt.Error));
        }

        _descriptors = _attempts;
        _postponed.Enqueue(probe);
    }

    /// <summary>Takes what an attempt that was pending brought.</summary>
    private void Judge(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        _attempts--;
        probe.Pending!.Remove(attempt);
        if (probe.IsDone)
        {
            return;
        }

        Answer(probe, attempt);
        Advance(probe);
    }

    private void Answer(Probe probe, ProbeAttempt attempt)
    {
        var status = PortStatuses.Of(attempt.Error);
        if (status == PortStatus.Open)
        {
            End(probe, PortAvailability.CreateAnswered(
                probe.Host.Name, EndPointText.Of(attempt.Address), probe.Port, _protocol, status,
                Milliseconds(attempt.EndedAt - attempt.StartedAt), null));
        }
        else if (probe.Best is null || PortStatuses.Outranks(status, PortStatuses.Of(probe.Best.Error)) || _waitFor is not null)
        {
            probe.Best = attempt;
        }
    }

    /// <summary>Ends a probe that has nothing left to try; or, while it waits for the port to open, has it try again.</summary>
    private void Settle(Probe probe)
    {
        if (probe.IsDone || probe.HasPending || probe.Tried < probe.Addresses.Length)
        {
            return;
        }

        if (_waitFor is { } waitFor)
        {
            var startedAt = probe.Best!.StartedAt;
            probe.Deadline ??= _deadlines.AddLast(new Timed<Probe>(probe, startedAt + waitFor));
            ArmTick(probe, startedAt);
        }
        else
        {
            End(probe, Verdict(probe, isTimeUp: false));
        }
    }

    private PortAvailability Verdict(Probe probe, bool isTimeUp)
    {
        var silent = isTimeUp && probe.Pending is { Count: > 0 } pending ? pending[0] : null;
        var best = probe.Best;
        var silence = _protocol == SocketProtocol.Udp ? PortStatus.OpenOrFiltered : PortStatus.TimedOut;
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
                probe.Host.Name, address, probe.Port, _protocol, status, new SocketException((int)best.Error).Message);
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
            if (_waitFor is not null && probe.Tried >= probe.Addresses.Length)
            {
                probe.Tried = 0;
            }

            if (_attempts < _descriptors)
            {
                Advance(probe);
            }
            else
            {
                ArmTick(probe, now);
            }
        }
    }

    /// <summary>An attempt of a probe that waits for the port has had its time; the probe has not.</summary>
    private void GiveUp(ProbeAttempt attempt)
    {
        var probe = (Probe)attempt.Owner;
        if (probe.IsDone || probe.Pending?.Remove(attempt) is not true)
        {
            return;
        }

        _attempts--;
        _transport.Abandon(attempt);
        attempt.End(SocketError.TimedOut);
        Answer(probe, attempt);
        Settle(probe);
    }

    private int MillisecondsToNext()
    {
        var next = long.MaxValue;
        foreach (var due in new[] { _deadlines.First?.Value.Due, _ticks.First?.Value.Due, _attemptDeadlines.First?.Value.Due })
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
