using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>A server's peers, found by their addresses as the transport has them.</summary>
/// <typeparam name="TKey">An address with its port.</typeparam>
internal sealed class DatagramPeers<TKey>(ServerRecord record)
    where TKey : notnull
{
    private const int MaxPeers = 4096;

    private readonly object _gate = new();
    private readonly Dictionary<TKey, DatagramPeer> _peers = [];
    private int _last;

    /// <summary>The peer with an address; null for one that is not known.</summary>
    public DatagramPeer? Find(in TKey key)
    {
        lock (_gate)
        {
            return _peers.TryGetValue(key, out var known) ? known : null;
        }
    }

    /// <summary>The peer with an address, which becomes a new one when it is not known.</summary>
    public DatagramPeer FindOrAdd(TKey key, IPEndPoint endPoint)
    {
        lock (_gate)
        {
            if (_peers.TryGetValue(key, out var known))
            {
                return known;
            }

            if (_peers.Count >= MaxPeers)
            {
                // Removed peers get new ids later. Those with pending responses are kept, for the order of the next ones.
                foreach (var idle in _peers.Where(static one => one.Value.LastResponse.IsCompleted).ToArray())
                {
                    _peers.Remove(idle.Key);
                }
            }

            var facts = new ClientFacts(++_last, EndPointText.Of(endPoint.Address), endPoint.Port, record.Clock.Timestamp);
            var peer = new DatagramPeer(endPoint, facts);
            _peers.Add(key, peer);
            return peer;
        }
    }
}
