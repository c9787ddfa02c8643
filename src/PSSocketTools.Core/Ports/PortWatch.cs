using System.Net;
using System.Runtime.ExceptionServices;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools;

/// <summary>
/// Tests ports again and again: each target at its own pace, from start to start, and one test of it at a time, so that one that is
/// slow holds up no other. It reports what has changed since the test before, and sums up. One thread adds and reads. Disposing it
/// closes its sockets and ends its threads.
/// </summary>
public sealed class PortWatch : IDisposable
{
    /// <summary>The default and the range of the interval, in seconds.</summary>
    public const double DefaultIntervalSeconds = 1, LowestIntervalSeconds = 0.01, HighestIntervalSeconds = TimeLimit.HighestSeconds;

    /// <summary>How many targets there may be, since a record of each is kept.</summary>
    public const int MaxTargets = 1_000_000;

    private readonly object _gate = new();
    private readonly Dictionary<SocketProtocol, WatchProber> _probers = [];
    private readonly List<WatchTarget> _targets = [];

    // The targets by when they are due: all have the same interval, so that the order in which they start is that in which they are due.
    private readonly Queue<(WatchTarget Target, Deadline Due)> _schedule = new();

    // Those whose last test took longer than the interval, so that the next begins at its end.
    private readonly Queue<WatchTarget> _overdue = new();
    private readonly Queue<PortAvailability> _results = new();
    private readonly TimeSpan _interval;
    private readonly int _count;
    private readonly Func<ProbeSetup, ProbeTransport> _createTransport;
    private readonly Func<string, Task<IPAddress[]>> _resolve;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _cancellation;
    private ExceptionDispatchInfo? _failure;
    private int _unfinished;

    /// <summary>Makes one without targets.</summary>
    /// <param name="interval">From the start of a target's test to the start of its next.</param>
    /// <param name="count">How many times each target is tested; 0 for no limit.</param>
    /// <param name="cancellationToken">Ends a pending read.</param>
    /// <exception cref="SocketToolsException">InvalidOption: an interval out of its range.</exception>
    public PortWatch(TimeSpan interval, int count = 0, CancellationToken cancellationToken = default)
        : this(interval, count, static setup => ProbeTransport.Create(setup), NameResolver.ToAddressesAsync, cancellationToken)
    {
    }

    internal PortWatch(
        TimeSpan interval,
        int count,
        Func<ProbeSetup, ProbeTransport> createTransport,
        Func<string, Task<IPAddress[]>> resolve,
        CancellationToken cancellationToken = default)
    {
        OptionRange.Require(interval, LowestIntervalSeconds, HighestIntervalSeconds);
        (_interval, _count, _createTransport, _resolve, _cancellationToken) = (interval, count, createTransport, resolve, cancellationToken);
        _cancellation = cancellationToken.Register(Pulse);
    }

    /// <summary>How many targets there are.</summary>
    public int Targets => _targets.Count;

    /// <summary>Whether every target was tested as often as it was to be, and every result was read.</summary>
    public bool IsFinished
    {
        get
        {
            lock (_gate)
            {
                return _unfinished == 0 && _results.Count == 0;
            }
        }
    }

    /// <summary>Adds every port of every computer.</summary>
    /// <param name="computers">Names, addresses, blocks and ranges of addresses.</param>
    /// <param name="ports">The ports.</param>
    /// <param name="options">How to test; those of the first call hold for all of the protocol.</param>
    /// <exception cref="SocketToolsException">InvalidOption: a target that can't be understood, too many of them, or an option out of its range.</exception>
    public void Add(IReadOnlyList<string> computers, IReadOnlyList<PortRange> ports, PortScanOptions options)
    {
        RequireRoom(PortScan.CountOf(computers, ports));
        var protocol = (options ?? throw new ArgumentNullException(nameof(options))).Protocol;
        if (!_probers.TryGetValue(protocol, out var prober))
        {
            _probers[protocol] = prober = new WatchProber(options, _createTransport, _resolve, Complete, Fail, Pulse);
        }

        foreach (var name in computers.SelectMany(computer => TargetNames.Expand(computer, prober.Selection)))
        {
            Add(ports, port => new WatchTarget(name, port, prober));
        }
    }

    /// <summary>Adds ports of this machine.</summary>
    /// <param name="test">How they are tested, on the reader's thread.</param>
    /// <param name="ports">The ports.</param>
    /// <exception cref="SocketToolsException">InvalidOption: too many targets.</exception>
    public void Add(LocalPortTest test, IReadOnlyList<PortRange> ports)
    {
        _ = test ?? throw new ArgumentNullException(nameof(test));
        RequireRoom(PortScan.CountOf([NameResolver.Localhost], ports));
        Add(ports, port => new WatchTarget(NameResolver.Localhost, port, test));
    }

    /// <summary>Starts the tests that are due, and returns the results there are; when there is none, waits for one, for an attempt to be traced, or for the end.</summary>
    /// <param name="due">Gets the results, each with the number of its test, and what the test before found where that was something else.</param>
    /// <param name="milliseconds">How long to wait at most; <see cref="Timeout.Infinite"/> for no limit.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Read(ICollection<PortAvailability> due, int milliseconds)
    {
        var deadline = Deadline.AfterMilliseconds(milliseconds);
        while (true)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            var isStarted = StartDue();
            lock (_gate)
            {
                _failure?.Throw();
                if (_results.Count > 0 || _unfinished == 0 || HasTrace || deadline.HasPassed)
                {
                    while (_results.Count > 0)
                    {
                        due.Add(_results.Dequeue());
                    }

                    return;
                }

                if (!isStarted && !_cancellationToken.IsCancellationRequested)
                {
                    Monitor.Wait(_gate, Deadline.Earlier(deadline, NextDue).Milliseconds);
                }
            }
        }
    }

    /// <summary>Returns a sentence on each attempt that has ended since the last call; none where <see cref="PortScanOptions.KeepsTrace"/> is false.</summary>
    public IReadOnlyList<string> TakeTrace() => [.. _probers.Values.SelectMany(static prober => prober.Trace?.Take() ?? [])];

    /// <summary>A history for each target that was tested, in the order in which they were added.</summary>
    public IReadOnlyList<PortHistory> ToHistories()
    {
        lock (_gate)
        {
            return [.. _targets.SelectMany(static target => target.Records).Select(static record => record.ToHistory())];
        }
    }

    /// <summary>The last result of each target that was tested, in the order in which they were added.</summary>
    public IReadOnlyList<PortAvailability> ToLastResults()
    {
        lock (_gate)
        {
            return [.. _targets.SelectMany(static target => target.Records).Select(static record => record.Last)];
        }
    }

    /// <summary>Ends the tests at once.</summary>
    public void Dispose()
    {
        _cancellation.Dispose();
        foreach (var prober in _probers.Values)
        {
            prober.Dispose();
        }
    }

    private bool HasTrace => _probers.Values.Any(static prober => prober.Trace is { IsEmpty: false });

    private Deadline NextDue => _overdue.Count > 0 ? Deadline.Passed : _schedule.Count > 0 ? _schedule.Peek().Due : Deadline.Never;

    private void RequireRoom(double added)
    {
        if (_targets.Count + added > MaxTargets)
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("WatchTooMany", _targets.Count + added, MaxTargets), added);
        }
    }

    private void Add(IReadOnlyList<PortRange> ports, Func<int, WatchTarget> make)
    {
        foreach (var port in ports.SelectMany(static range => range.Ports()))
        {
            var target = make(port);
            _targets.Add(target);
            _unfinished++;
            _schedule.Enqueue((target, Deadline.Passed));
        }
    }

    /// <summary>Starts the tests that are due, of this machine's ports one at most, since that one is over when this returns; whether it started any.</summary>
    private bool StartDue()
    {
        var probers = new HashSet<WatchProber>();
        WatchTarget? local = null;
        lock (_gate)
        {
            while (local is null && NextDue.HasPassed)
            {
                var target = _overdue.Count > 0 ? _overdue.Dequeue() : _schedule.Dequeue().Target;
                if (target.IsPending)
                {
                    target.IsOverdue = true;
                    continue;
                }

                local = target.Prober is null ? target : null;
                Start(target, probers);
            }
        }

        foreach (var prober in probers)
        {
            prober.Wake();
        }

        if (local is not null)
        {
            Complete(local, local.Test!.Test(local.Port, _cancellationToken));
        }

        return local is not null;
    }

    private void Start(WatchTarget target, HashSet<WatchProber> probers)
    {
        target.Started++;
        target.Pending = 1;
        if (_count == 0 || target.Started < _count)
        {
            _schedule.Enqueue((target, Deadline.AfterLimit(_interval)));
        }

        if (target.Prober is { } prober)
        {
            prober.Start(target, _interval);
            probers.Add(prober);
        }
    }

    private void Complete(WatchTarget target, PortAvailability result)
    {
        lock (_gate)
        {
            _results.Enqueue(target.Take(result));
            if (--target.Pending > 0)
            {
                Monitor.PulseAll(_gate);
                return;
            }

            if (_count > 0 && target.Started >= _count)
            {
                _unfinished--;
            }
            else if (target.IsOverdue)
            {
                target.IsOverdue = false;
                _overdue.Enqueue(target);
            }

            Monitor.PulseAll(_gate);
        }
    }

    private void Fail(Exception exception)
    {
        lock (_gate)
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
            Monitor.PulseAll(_gate);
        }
    }

    private void Pulse()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }
}
