using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>The probes of a watch over one protocol: it takes targets whose tests are due, and reports each result at once.</summary>
internal sealed class WatchProber : IProbeQueue, IDisposable
{
    // Ports of one computer that are tested at about the same time share what its name resolves to.
    private static readonly TimeSpan MaxSharing = TimeSpan.FromMilliseconds(500);

    private readonly Queue<WatchProbe> _queue = new();
    private readonly Dictionary<string, (Task<IPAddress[]> Resolution, long StartedAt)> _names = [];
    private readonly Action<WatchTarget, PortAvailability> _complete;
    private readonly Action<Exception> _fail;
    private readonly Action _pulse;
    private readonly Func<string, Task<IPAddress[]>> _resolve;
    private readonly PortScanOptions _options;
    private readonly ProbeLoop _loop;

    /// <summary>Makes one without probes.</summary>
    /// <param name="options">How to test.</param>
    /// <param name="createTransport">Creates what runs the attempts.</param>
    /// <param name="resolve">Resolves a name.</param>
    /// <param name="complete">Takes a result of a target.</param>
    /// <param name="fail">Takes the error that ends all.</param>
    /// <param name="pulse">Wakes the reader.</param>
    /// <exception cref="SocketToolsException">InvalidOption: an option out of its range.</exception>
    public WatchProber(
        PortScanOptions options,
        Func<ProbeSetup, ProbeTransport> createTransport,
        Func<string, Task<IPAddress[]>> resolve,
        Action<WatchTarget, PortAvailability> complete,
        Action<Exception> fail,
        Action pulse)
    {
        options.Validate();
        Selection = options.ToSelection();
        IsEachAddress = options.AllAddresses;
        Trace = options.KeepsTrace ? new ProbeTrace() : null;
        (_complete, _fail, _pulse, _options) = (complete, fail, pulse, options);
        _resolve = Selection.Limit(resolve);
        _loop = new ProbeLoop(this, options, Selection.Source, createTransport);
    }

    public AddressSelection Selection { get; }

    /// <summary>Whether each address of a name has results of its own.</summary>
    public bool IsEachAddress { get; }

    public ProbeTrace? Trace { get; }

    /// <summary>Begins a test of a target; <see cref="Wake"/> wakes the loop for it.</summary>
    public void Start(WatchTarget target, TimeSpan interval)
    {
        var resolution = Resolve(target.Computer, interval);
        if (IsEachAddress && NameResolver.Read(target.Computer) is null)
        {
            // The result is a task that has ended: this one, or the one that ends with the time.
            Task.WhenAny(resolution, Task.Delay(_options.Timeout)).ContinueWith(
                _ => StartEach(target, resolution), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return;
        }

        Enqueue(new WatchProbe(new ResolvableName(target.Computer, _ => resolution), target));
    }

    public void Wake() => _loop.Wake();

    public Probe? Take()
    {
        lock (_queue)
        {
            return _queue.Count > 0 ? _queue.Dequeue() : null;
        }
    }

    public void Finish(Probe probe, PortAvailability result) => _complete(((WatchProbe)probe).Target, result);

    public void Flush()
    {
        if (Trace is { IsEmpty: false })
        {
            _pulse();
        }
    }

    public void Fail(Exception exception) => _fail(exception);

    public void Dispose() => _loop.Dispose();

    private void StartEach(WatchTarget target, Task<IPAddress[]> resolution)
    {
        var host = new ResolvableName(target.Computer, _ => resolution);
        if (!resolution.IsCompleted)
        {
            _complete(target, ProbeResult.Create(new Probe(host, target.Port), _options, isTimeUp: true));
            return;
        }

        var addresses = resolution.Status == TaskStatus.RanToCompletion ? resolution.Result : [];
        target.Pending = Math.Max(addresses.Length, 1);
        if (addresses.Length == 0)
        {
            Enqueue(new WatchProbe(host, target));
        }

        foreach (var address in addresses)
        {
            Enqueue(new WatchProbe(new ResolvableName(target.Computer, _ => Task.FromResult<IPAddress[]>([address])), target));
        }

        Wake();
    }

    private void Enqueue(WatchProbe probe)
    {
        lock (_queue)
        {
            _queue.Enqueue(probe);
        }
    }

    private Task<IPAddress[]> Resolve(string name, TimeSpan interval)
    {
        var longest = TimeSpan.FromTicks(Math.Min(interval.Ticks / 2, MaxSharing.Ticks));
        if (_names.TryGetValue(name, out var known) && (!known.Resolution.IsCompleted || Clock.System.Since(known.StartedAt) < longest))
        {
            return known.Resolution;
        }

        var resolution = _resolve(name);
        _names[name] = (resolution, Clock.System.Timestamp);
        return resolution;
    }

    /// <summary>A probe for a test of a target, which gets its result.</summary>
    private sealed class WatchProbe(ResolvableName host, WatchTarget target) : Probe(host, target.Port)
    {
        public WatchTarget Target { get; } = target;
    }
}
