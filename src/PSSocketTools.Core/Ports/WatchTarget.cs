namespace PSSocketTools.Ports;

/// <summary>One port that is tested again and again. Guarded by the watch's lock.</summary>
internal sealed class WatchTarget
{
    private readonly List<(string? Address, PortRecord Record)> _records = [];

    public WatchTarget(string computer, int port, WatchProber prober) => (Computer, Port, Prober) = (computer, port, prober);

    public WatchTarget(string computer, int port, LocalPortTest test) => (Computer, Port, Test) = (computer, port, test);

    public string Computer { get; }

    public int Port { get; }

    /// <summary>What probes it; null for a port of this machine.</summary>
    public WatchProber? Prober { get; }

    /// <summary>How it is tested, as a port of this machine; otherwise null.</summary>
    public LocalPortTest? Test { get; }

    /// <summary>How many of its tests were started.</summary>
    public int Started { get; set; }

    /// <summary>How many results its test has yet to give: one, or one for each address.</summary>
    public int Pending { get; set; }

    public bool IsPending => Pending > 0;

    /// <summary>Whether its next test is due, and the last one goes on.</summary>
    public bool IsOverdue { get; set; }

    /// <summary>The sums of its results: for each address, where all are tested.</summary>
    public IEnumerable<PortRecord> Records => _records.Select(static one => one.Record);

    /// <summary>Adds a result, and returns it with the number of its test and what the test before found otherwise.</summary>
    public PortAvailability Take(PortAvailability result)
    {
        var address = Prober is { IsEachAddress: true } ? result.Address : null;
        var record = _records.Find(one => one.Address == address).Record;
        if (record is null)
        {
            _records.Add((address, record = new PortRecord()));
        }

        return record.Add(result, Started);
    }
}
