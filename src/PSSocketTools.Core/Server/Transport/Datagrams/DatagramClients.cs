using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport.Datagrams;

/// <summary>A server's clients, found by their addresses as the transport has them.</summary>
/// <typeparam name="TKey">An address with its port.</typeparam>
internal sealed class DatagramClients<TKey>(ServerRecord record)
    where TKey : notnull
{
    private const int MaxClients = 4096;

    private readonly object _gate = new();
    private readonly Dictionary<TKey, DatagramClient> _clients = [];
    private int _last;

    /// <summary>The client with an address; null for one that is not known.</summary>
    public DatagramClient? Find(in TKey key)
    {
        lock (_gate)
        {
            return _clients.TryGetValue(key, out var known) ? known : null;
        }
    }

    /// <summary>The client with an address, which becomes a new one when it is not known.</summary>
    public DatagramClient FindOrAdd(TKey key, IPEndPoint endPoint)
    {
        lock (_gate)
        {
            if (_clients.TryGetValue(key, out var known))
            {
                return known;
            }

            if (_clients.Count >= MaxClients)
            {
                // Removed clients get new ids later. Those with pending responses are kept, for the order of the next ones.
                foreach (var idle in _clients.Where(static one => one.Value.LastResponse.IsCompleted).ToArray())
                {
                    _clients.Remove(idle.Key);
                }
            }

            var client = new DatagramClient(
                endPoint, new ClientRecord(++_last, EndPointText.Of(endPoint.Address), endPoint.Port, record.Clock.Timestamp));
            _clients.Add(key, client);
            return client;
        }
    }
}
