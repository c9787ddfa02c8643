using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>The local addresses of the last destinations, one of each family: the ports of a destination share its route, and asking the system for each of them costs a scan a twentieth of its time.</summary>
internal sealed class ProbeSources
{
    // A route may change while a scan waits for a port.
    private const int MaxAgeMilliseconds = 1000;

    private Entry _inet;
    private Entry _inet6;

    /// <summary>Whether the source for a destination is known, or known not to be.</summary>
    public bool TryGet(IPAddress destination, out IPAddress? source)
    {
        ref var entry = ref EntryOf(destination);
        source = entry.Source;
        return ReferenceEquals(entry.Destination, destination) && Clock.CoarseSince(entry.ReadAt) < MaxAgeMilliseconds;
    }

    public void Set(IPAddress destination, IPAddress? source) =>
        EntryOf(destination) = new Entry(destination, source, Clock.CoarseMilliseconds);

    private ref Entry EntryOf(IPAddress destination) => ref destination.AddressFamily == AddressFamily.InterNetworkV6 ? ref _inet6 : ref _inet;

    private readonly record struct Entry(IPAddress? Destination, IPAddress? Source, long ReadAt);
}
