using System.Net;
using System.Runtime.ExceptionServices;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools;

/// <summary>
/// A scan of ports on other computers: it runs a window of probes at a time, and returns results in the order of the input, as soon as they are
/// available. One thread adds and reads. Disposing it cancels the scan at once, and closes its sockets and ends its thread.
/// </summary>
public sealed class PortScan : IProbeQueue, IDisposable
{
    // A slow probe delays the results after it, but not the probes; this bounds the memory for those results.
    private const int ResultsHeldPerProbe = 128;

    // How many results one read returns, so that the reader can do other work in between.
    private const int MaxResultsPerRead = 1024;

    private readonly object _gate = new();
    private readonly Queue<IEnumerator<Probe>> _inputs = new();
    private readonly Queue<Probe> _inOrder = new();
    private readonly ProbeLoop _loop;
    private readonly CancellationTokenRegistration _cancellation;
    private readonly CancellationToken _cancellationToken;
    private readonly int _capacity;
    private readonly int _window;
    private readonly Func<string, Task<IPAddress[]>> _resolve;
    private readonly AddressSelection _selection;
    private readonly TimeSpan? _resolvesFirst;
    private double _queued;
    private ExceptionDispatchInfo? _failure;
    private bool _isComplete;
    private bool _isReaderBehind;
    private bool _isFlushDue;

    /// <summary>Begins a scan without targets.</summary>
    /// <param name="options">How to probe.</param>
    /// <param name="cancellationToken">Cancels a pending read.</param>
    /// <exception cref="SocketToolsException">InvalidOption: an option out of its range.</exception>
    public PortScan(PortScanOptions options, CancellationToken cancellationToken = default)
        : this(options, static setup => ProbeTransport.Create(setup), NameResolver.ToAddressesAsync, cancellationToken)
    {
    }

    internal PortScan(
        PortScanOptions options,
        Func<ProbeSetup, ProbeTransport> createTransport,
        Func<string, Task<IPAddress[]>> resolve,
        CancellationToken cancellationToken = default)
    {
        (options ?? throw new ArgumentNullException(nameof(options))).Validate();
        _selection = options.ToSelection();
        _resolve = _selection.Limit(resolve);
        _resolvesFirst = options.AllAddresses ? options.Timeout : null;
        _window = options.ThrottleLimit;
        Trace = options.KeepsTrace ? new ProbeTrace() : null;
        _capacity = Math.Max(_window, 64) * ResultsHeldPerProbe;
        _loop = new ProbeLoop(this, options, _selection.Source, createTransport);
        _cancellationToken = cancellationToken;
        _cancellation = cancellationToken.Register(Pulse);
    }

    /// <summary>Whether the window has room for more probes than were added; adding more earlier only takes memory.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                return _queued < _window;
            }
        }
    }

    /// <summary>Whether the results of all that was added were read.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _inputs.Count == 0 && _inOrder.Count == 0;
            }
        }
    }

    /// <summary>Whether the input is complete and every result was read.</summary>
    public bool IsFinished
    {
        get
        {
            lock (_gate)
            {
                return _isComplete && _inputs.Count == 0 && _inOrder.Count == 0;
            }
        }
    }

    /// <summary>How many probes a call of <see cref="Add"/> makes.</summary>
    /// <param name="computers">Names, addresses and blocks of addresses.</param>
    /// <param name="ports">The ports.</param>
    /// <exception cref="SocketToolsException">InvalidOption: a block or an address that can't be understood.</exception>
    public static double CountOf(IEnumerable<string> computers, IEnumerable<PortRange> ports) =>
        computers.Sum(TargetNames.CountOf) * ports.Sum(range => (double)range.Count);

    /// <summary>Adds every port of every computer to the scan, each computer's ports together.</summary>
    /// <param name="computers">Names, addresses, blocks of addresses (<c>10.0.0.0/24</c>) and ranges of them (<c>10.0.0.1-20</c>).</param>
    /// <param name="ports">The ports.</param>
    /// <exception cref="SocketToolsException">InvalidOption: a block or an address that can't be understood, or of a family that was not asked for.</exception>
    /// <exception cref="OperationCanceledException">The scan's token was cancelled while a name was resolved, whose addresses are all tested.</exception>
    /// <returns>How many probes this makes.</returns>
    public double Add(IReadOnlyList<string> computers, IReadOnlyList<PortRange> ports)
    {
        var hosts = (computers ?? throw new ArgumentNullException(nameof(computers))).Select(ToHosts).ToArray();
        var count = hosts.Sum(static group => group.Count) * CountOf([NameResolver.Localhost], ports ?? throw new ArgumentNullException(nameof(ports)));
        var probes = Probes(hosts.Select(static group => group.Hosts), ports);
        lock (_gate)
        {
            _inputs.Enqueue(probes.GetEnumerator());
            _queued += count;
        }

        _loop.Wake();
        return count;
    }

    /// <summary>Marks the input as complete.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _isComplete = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Returns the available results in order; when there is none, waits for one, for room in the window, for an attempt to be traced, or for the end of the scan.</summary>
    /// <param name="due">Gets the results.</param>
    /// <param name="milliseconds">How long to wait at most; 0 for not at all, <see cref="Timeout.Infinite"/> for no limit.</param>
    /// <exception cref="OperationCanceledException">The scan's token was cancelled.</exception>
    public void Read(ICollection<PortAvailability> due, int milliseconds)
    {
        var deadline = Deadline.AfterMilliseconds(milliseconds);
        var hasRoom = false;
        lock (_gate)
        {
            var hadRoom = HasRoom;
            while (!IsDue())
            {
                _cancellationToken.ThrowIfCancellationRequested();
                if (_failure is not null || IsFinished || hadRoom != HasRoom || Trace is { IsEmpty: false } || deadline.HasPassed)
                {
                    break;
                }

                Monitor.Wait(_gate, deadline.Milliseconds);
            }

            if (!IsDue())
            {
                _failure?.Throw();
            }

            for (var i = 0; i < MaxResultsPerRead && IsDue(); i++)
            {
                due.Add(_inOrder.Dequeue().Result!);
            }

            if (_isReaderBehind && _inOrder.Count <= _capacity / 2)
            {
                _isReaderBehind = false;
                hasRoom = true;
            }
        }

        if (hasRoom)
        {
            _loop.Wake();
        }
    }

    /// <summary>Returns a sentence on each attempt that has ended since the last call; none where <see cref="PortScanOptions.KeepsTrace"/> is false.</summary>
    public IReadOnlyList<string> TakeTrace() => Trace?.Take() ?? [];

    /// <summary>Cancels the scan at once.</summary>
    public void Dispose()
    {
        _cancellation.Dispose();
        _loop.Dispose();
        while (_inputs.Count > 0)
        {
            _inputs.Dequeue().Dispose();
        }
    }

    /// <summary>Keeps the results of attempts; null where nobody reads them.</summary>
    private ProbeTrace? Trace { get; }

    ProbeTrace? IProbeQueue.Trace => Trace;

    /// <summary>The next probe to begin; null when there is none, or too many results are unread.</summary>
    Probe? IProbeQueue.Take()
    {
        lock (_gate)
        {
            if (_inOrder.Count >= _capacity)
            {
                _isReaderBehind = true;
                return null;
            }

            while (_inputs.Count > 0)
            {
                if (_inputs.Peek().MoveNext())
                {
                    var probe = _inputs.Peek().Current;
                    _inOrder.Enqueue(probe);
                    _queued--;
                    _isFlushDue |= _queued < _window && _queued >= _window - 1;
                    return probe;
                }

                _inputs.Dequeue().Dispose();
            }

            return null;
        }
    }

    /// <summary>Stores a result; <see cref="IProbeQueue.Flush"/> wakes the reader.</summary>
    void IProbeQueue.Finish(Probe probe, PortAvailability result)
    {
        lock (_gate)
        {
            probe.Result = result;
            _isFlushDue |= ReferenceEquals(probe, _inOrder.Peek());
        }
    }

    /// <summary>Wakes the reader once for many results, since a wake for each costs more than a probe.</summary>
    void IProbeQueue.Flush()
    {
        lock (_gate)
        {
            if (_isFlushDue || Trace is { IsEmpty: false })
            {
                _isFlushDue = false;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Ends the scan with an error, which the next read throws.</summary>
    void IProbeQueue.Fail(Exception exception)
    {
        lock (_gate)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
            Monitor.PulseAll(_gate);
        }
    }

    private (double Count, IEnumerable<ResolvableName> Hosts) ToHosts(string computer)
    {
        var names = TargetNames.Expand(computer, _selection);
        if (_resolvesFirst is not { } limit || TargetNames.IsSeveral(computer) || NameResolver.Read(computer) is not null)
        {
            return (TargetNames.CountOf(computer), names.Select(name => new ResolvableName(name, _resolve)));
        }

        var host = new ResolvableName(computer, _resolve);
        var resolution = host.Resolve();
        Task.WaitAny([resolution], Deadline.AfterLimit(limit).Milliseconds, _cancellationToken);
        if (resolution.Status != TaskStatus.RanToCompletion)
        {
            return (1, [host]);
        }

        var addresses = resolution.GetAwaiter().GetResult();
        return (addresses.Length, addresses.Select(one => new ResolvableName(computer, _ => Task.FromResult<IPAddress[]>([one]))));
    }

    private static IEnumerable<Probe> Probes(IEnumerable<IEnumerable<ResolvableName>> hosts, IReadOnlyList<PortRange> ports)
    {
        foreach (var host in hosts.SelectMany(group => group))
        {
            foreach (var range in ports)
            {
                for (var port = range.First; port <= range.Last; port++)
                {
                    yield return new Probe(host, port);
                }
            }
        }
    }

    private bool IsDue() => _inOrder.Count > 0 && _inOrder.Peek().Result is not null;

    private void Pulse()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }
}
