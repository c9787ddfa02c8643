using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>One port of one computer, from its turn in the scan to its result; but for the result, only the loop's thread touches it.</summary>
internal sealed class Probe(HostName host, int port)
{
    public HostName Host { get; } = host;

    public int Port { get; } = port;

    /// <summary>What was found; null until then. Guarded by the scan's lock.</summary>
    public PortAvailability? Result { get; set; }

    /// <summary>Why the name has no addresses yet, where a scan waits for it.</summary>
    public string? WhyNoAddress { get; set; }

    public IPAddress[] Addresses { get; set; } = [];

    /// <summary>The index of the next address that was not tried yet.</summary>
    public int NextAddress { get; set; }

    public bool HasUntried => NextAddress < Addresses.Length;

    /// <summary>The attempts under way, at most one of an address; null while there is none, as for most of a fast scan.</summary>
    public List<ProbeAttempt>? Pending { get; set; }

    public bool HasPending => Pending is { Count: > 0 };

    /// <summary>The addresses that are to be tried again; null unless the scan waits for ports to open.</summary>
    public List<Retry>? Resting { get; set; }

    /// <summary>Whether an address has an attempt pending, or is to be tried again.</summary>
    public bool Knows(IPAddress address) =>
        Pending?.Exists(attempt => attempt.Address.Equals(address)) is true || Resting?.Exists(retry => retry.Last.Address.Equals(address)) is true;

    /// <summary>How many attempts wait for the limit on open files to allow them.</summary>
    public int Postponed { get; set; }

    /// <summary>The best answer so far, of an attempt that did not succeed.</summary>
    public ProbeAttempt? Best { get; set; }

    public bool IsDone { get; set; }

    public LinkedListNode<Timed<Probe>>? Deadline { get; set; }

    public LinkedListNode<Timed<Probe>>? NextTick { get; set; }
}

/// <summary>Something with the moment it is due, in Stopwatch ticks.</summary>
internal readonly record struct Timed<T>(T Item, long Due);

/// <summary>An address that is tried again, ordered by when; the number keeps two apart that are due together.</summary>
/// <param name="Last">The last attempt on it, which has ended.</param>
/// <param name="Due">When it is tried again, in Stopwatch ticks.</param>
/// <param name="Number">The retry's number.</param>
internal readonly record struct Retry(ProbeAttempt Last, long Due, long Number) : IComparable<Retry>
{
    public int CompareTo(Retry other) => Due != other.Due ? Due.CompareTo(other.Due) : Number.CompareTo(other.Number);
}
