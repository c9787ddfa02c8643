using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>
/// The source addresses of the last destinations, one of each family: the ports of a destination share its route, and to ask the system
/// for each of them costs a scan a twentieth of its time.
/// </summary>
internal sealed class SourceAddresses
{
    // A route may change while a scan waits for a port.
    private static readonly long MaxAge = Clock.Ticks(1000);

    private Entry _inet;
    private Entry _inet6;

    /// <summary>Whether the source address for a destination is known, or is known not to exist.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="now">A <see cref="Clock.Timestamp"/> that was read for something else.</param>
    /// <param name="source">The source address, or null for none.</param>
    public bool TryGet(IPAddress destination, long now, out IPAddress? source)
    {
        ref var entry = ref EntryOf(destination);
        source = entry.Source;
        return ReferenceEquals(entry.Destination, destination) && now - entry.ReadAt < MaxAge;
    }

    public void Set(IPAddress destination, long now, IPAddress? source) =>
        EntryOf(destination) = new Entry(destination, source, now);

    /// <summary>The source address for a destination, which is looked up unless it is known; null where there is no route.</summary>
    public IPAddress? Get(IPAddress destination)
    {
        var now = Clock.System.Timestamp;
        if (!TryGet(destination, now, out var source))
        {
            source = LookUp(destination);
            Set(destination, now, source);
        }

        return source;
    }

    // Nothing is sent: the connect of a datagram socket only looks the route up.
    private static IPAddress? LookUp(IPAddress destination)
    {
        const int AnyPort = 9;
        try
        {
            using var socket = new Socket(destination.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(new IPEndPoint(destination, AnyPort));
            return (socket.LocalEndPoint as IPEndPoint)?.Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private ref Entry EntryOf(IPAddress destination) => ref destination.AddressFamily == AddressFamily.InterNetworkV6 ? ref _inet6 : ref _inet;

    private readonly record struct Entry(IPAddress? Destination, IPAddress? Source, long ReadAt);
}
