using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Transport;

namespace PSSocketTools.Ports;

/// <summary>A computer of a scan; its name is resolved once for all its ports.</summary>
internal sealed class ScanHost(string name)
{
    private Task<IPAddress[]>? _resolution;

    public string Name { get; } = name;

    /// <summary>The addresses; a task that failed where the name has none.</summary>
    public Task<IPAddress[]> Resolve() => _resolution ??= AddressName.ToAddressesAsync(Name);
}

/// <summary>One port of one computer, from its turn in the scan to its result; but for the result, only the loop's thread touches it.</summary>
internal sealed class Probe(ScanHost host, int port)
{
    public ScanHost Host { get; } = host;

    public int Port { get; } = port;

    /// <summary>What was found; null until then. Guarded by the scan's lock.</summary>
    public PortAvailability? Result { get; set; }

    public IPAddress[] Addresses { get; set; } = [];

    /// <summary>The index of the address to try next.</summary>
    public int NextAddress { get; set; }

    /// <summary>How many addresses this round has tried.</summary>
    public int Tried { get; set; }

    /// <summary>The attempts under way; null while there is none, as for most of a fast scan.</summary>
    public List<ProbeAttempt>? Pending { get; set; }

    public bool HasPending => Pending is { Count: > 0 };

    /// <summary>The best answer so far, of an attempt that did not succeed.</summary>
    public ProbeAttempt? Best { get; set; }

    public bool IsDone { get; set; }

    public LinkedListNode<Timed<Probe>>? Deadline { get; set; }

    public LinkedListNode<Timed<Probe>>? NextTick { get; set; }
}

/// <summary>Something with the moment it is due, in Stopwatch ticks.</summary>
internal readonly record struct Timed<T>(T Item, long Due);
