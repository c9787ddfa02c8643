using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>The local addresses of the last destinations, one of each family: the ports of a destination share its route, and asking the system for each of them costs a scan a twentieth of its time.</summary>
internal sealed class ProbeSources
{
    // A route may change while a scan waits for a port.
    private static readonly long MaxAge = Clock.Ticks(1000);

    private Entry _inet;
    private Entry _inet6;

    /// <summary>Whether the source for a destination is known, or known not to be.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="now">A <see cref="Clock.Timestamp"/> that was read for something else.</param>
    /// <param name="source">The source, or null for none.</param>
    public bool TryGet(IPAddress destination, long now, out IPAddress? source)
    {
        ref var entry = ref EntryOf(destination);
        source = entry.Source;
        return ReferenceEquals(entry.Destination, destination) && now - entry.ReadAt < MaxAge;
    }

    public void Set(IPAddress destination, long now, IPAddress? source) =>
        EntryOf(destination) = new Entry(destination, source, now);

    private ref Entry EntryOf(IPAddress destination) => ref destination.AddressFamily == AddressFamily.InterNetworkV6 ? ref _inet6 : ref _inet;

    private readonly record struct Entry(IPAddress? Destination, IPAddress? Source, long ReadAt);
}
