using PSSocketTools.Server.Journal;
using PSSocketTools.Tls;

namespace PSSocketTools.Server.Transport;

/// <summary>A server's TLS handshakes. They have a limit of their own, so that unfinished ones don't use up the limit of connections.</summary>
/// <param name="server">The server's side of a handshake.</param>
/// <param name="timeout">The time limit of each; zero for none.</param>
/// <param name="limit">How many may be pending at once.</param>
internal sealed class Handshakes(TlsServer server, TimeSpan timeout, int limit)
{
    private int _pending;

    /// <summary>The server's side of a handshake.</summary>
    public TlsServer Server { get; } = server;

    /// <summary>The time limit of each; zero for none.</summary>
    public TimeSpan Timeout { get; } = timeout;

    /// <summary>Begins a handshake, or rejects the connection with an event.</summary>
    public bool TryBegin(ClientRecord client, ServerRecord record)
    {
        if (Interlocked.Increment(ref _pending) <= limit)
        {
            return true;
        }

        Ended();
        record.Rejected(client, ServerEventReason.TooManyConnections);
        return false;
    }

    /// <summary>Called when a handshake has ended, successfully or not.</summary>
    public void Ended() => Interlocked.Decrement(ref _pending);
}
