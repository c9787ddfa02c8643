using System.Net;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>Runs the probes of a scan, a window of them at a time, on a dedicated thread.</summary>
internal sealed partial class ProbeLoop : IDisposable
{
    // How many probes that end at once (refused on loopback) run before the loop checks everything else.
    private const int BatchSize = 64;

    private readonly IProbeQueue _queue;
    private readonly PortScanOptions _options;
    private readonly SocketProtocol _protocol;
    private readonly ProbeTransport _transport;
    private readonly Thread _thread;
    private readonly bool _waits;
    private readonly PortStatus _silent;
    private readonly PortGoal _goal;
    private readonly int _window;
    private readonly ProbeTimers _timers;
    private readonly PendingAttempts _attempts;
    private readonly ProbeTrace? _trace;
    private readonly Queue<Probe> _resolved = new();
    private readonly List<ProbeAttempt> _ended = [];
    private int _probes;
    private volatile bool _stopping;

    /// <summary>Starts the loop.</summary>
    /// <param name="queue">Gives it probes, and takes their results.</param>
    /// <param name="options">How to probe.</param>
    /// <param name="source">The local address to probe from; null for the system's choice.</param>
    /// <param name="createTransport">Creates what runs the attempts.</param>
    public ProbeLoop(IProbeQueue queue, PortScanOptions options, IPAddress? source, Func<ProbeSetup, ProbeTransport> createTransport)
    {
        _queue = queue;
        _options = options;
        _transport = createTransport(new ProbeSetup(options.Protocol, source, options.ResetsConnections));
        _protocol = options.Protocol;
        _silent = PortStatuses.OfSilence(_protocol);
        _window = options.ThrottleLimit;
        _waits = options.RetryLimit is not null;
        _trace = queue.Trace;
        _goal = options.Until;
        _timers = new ProbeTimers(options);
        _transport.Connected = _timers.StartCheck;
        _attempts = new PendingAttempts(_transport);
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
                _queue.Flush();
                _transport.Wait(isBatchFull ? 0 : _timers.MillisecondsToNext, _ended);

                // An evaluation may take long on a busy machine. An attempt that ends meanwhile is found by the next wait, before its time is over.
                var now = ProbeTimers.Now;

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
                Expire(now);
            }
        }
        catch (Exception exception)
        {
            // Any exception is passed to the reader, which would wait forever otherwise.
            _queue.Fail(exception);
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

            if (_probes >= _window || !_attempts.HasRoom || _queue.Take() is not { } probe)
            {
                return false;
            }

            _probes++;
            Resolve(probe);
        }

        return true;
    }

    private void End(Probe probe, PortAvailability result)
    {
        probe.IsDone = true;
        _probes--;
        _timers.Remove(probe);
        TraceAbandoned(probe, result.GetStatus());
        _attempts.AbandonAll(probe);
        _queue.Finish(probe, result);
    }

    private void Expire(long now)
    {
        while (_timers.TakeExpired(now) is { } expired)
        {
            if (expired.IsChecking)
            {
                expired.IsOverdue = true;
            }
            else
            {
                End(expired, ProbeResult.Create(expired, _options, isTimeUp: true));
            }
        }

        while (_timers.TakeExpiredCheck(now) is { } check)
        {
            EndCheck(check);
        }

        while (_timers.TakeExpiredAttempt(now) is { } silent)
        {
            TimeOut(silent);
        }

        while (_timers.TakeAttemptDelay(now) is { } probe)
        {
            if (probe.IsChecking)
            {
                // Whatever the check finds, the next address is tried after it.
                continue;
            }

            if (_attempts.HasRoom)
            {
                Advance(probe);
            }
            else
            {
                _timers.StartAttemptDelay(probe, now);
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
}
