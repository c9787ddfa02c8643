using System.Net;
using System.Net.NetworkInformation;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Datagrams;

/// <summary>Detects clients whose datagrams must not be answered, since they would answer the response, and so on forever (CERT CA-1996-01).</summary>
internal sealed class EchoLoopGuard(int port, Clock clock, Func<IEnumerable<IPAddress>> readOwnAddresses)
{
    // How long the machine's addresses are reused: they may change, and reading them takes milliseconds.
    private static readonly TimeSpan AddressesAge = TimeSpan.FromSeconds(10);

    // These services answer every datagram: echo, discard, daytime, quotes, characters and time.
    private static readonly HashSet<int> LoopingPorts = [7, 9, 13, 17, 19, 37];

    private readonly object _gate = new();
    private HashSet<IPAddress>? _ownAddresses;
    private long _readAt;

    /// <param name="port">The server's own port.</param>
    /// <param name="clock">The clock.</param>
    public EchoLoopGuard(int port, Clock clock)
        : this(port, clock, ReadOwnAddresses)
    {
    }

    /// <summary>Whether responses to a client could loop: it is a service that answers everything, or this server itself.</summary>
    public bool WouldLoop(IPEndPoint remote) => LoopingPorts.Contains(remote.Port) || IsOwn(remote);

    // Only a client with this server's port can be the server itself, so that the addresses are compared only then.
    private bool IsOwn(IPEndPoint remote) => remote.Port == port && (IPAddress.IsLoopback(remote.Address) || IsOwn(remote.Address));

    private bool IsOwn(IPAddress address)
    {
        lock (_gate)
        {
            if (_ownAddresses is null || clock.Since(_readAt) > AddressesAge)
            {
                _ownAddresses = [.. readOwnAddresses()];
                _readAt = clock.Timestamp;
            }

            return _ownAddresses.Contains(address);
        }
    }

    private static IEnumerable<IPAddress> ReadOwnAddresses() => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(static network => network.GetIPProperties().UnicastAddresses)
        .Select(static unicast => unicast.Address);
}
