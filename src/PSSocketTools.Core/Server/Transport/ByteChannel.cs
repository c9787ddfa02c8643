using System.Net.Sockets;

namespace PSSocketTools.Server.Transport;

/// <summary>Moves one connection's bytes for its loop, and sets the loop's signal when an operation that had to wait is over.</summary>
internal abstract class ByteChannel(AsyncSignal signal) : IDisposable
{
    /// <summary>
    /// How much a send that has to wait takes along: little, since it is over only when all of it has gone, and whoever
    /// waits for it is to see that a slow client reads. A TLS record holds no more (RFC 8446, section 5.1).
    /// </summary>
    protected const int MostPerWait = 16 * 1024;

    protected AsyncSignal Signal { get; } = signal;

    /// <summary>Whether a receive that had to wait is over.</summary>
    public abstract bool IsReceiveOver { get; }

    /// <summary>Whether a send that had to wait is over.</summary>
    public abstract bool IsSendOver { get; }

    /// <summary>Readies the channel for bytes: the handshake, where it has one.</summary>
    public virtual Task OpenAsync() => Task.CompletedTask;

    /// <summary>Begins to receive; the bytes of the receive before are given back.</summary>
    /// <returns>True when it was over at once.</returns>
    public abstract bool BeginReceive();

    /// <summary>Takes the outcome of a receive that is over.</summary>
    /// <returns>The bytes in <paramref name="buffer"/>, from its start; 0 at the end of input, or with an error.</returns>
    public abstract int EndReceive(out byte[] buffer, out SocketError error);

    /// <summary>Begins to send some or all of the bytes.</summary>
    /// <returns>True when it was over at once.</returns>
    public abstract bool BeginSend(byte[] buffer, int offset, int count);

    /// <summary>Takes the outcome of a send that is over.</summary>
    /// <returns>The bytes that left; with an error, 0.</returns>
    public abstract int EndSend(out SocketError error);

    /// <summary>How many of the bytes sent the client has not taken in; -1 where the system does not tell.</summary>
    public abstract int QueuedBytes { get; }

    /// <summary>Whether bytes have arrived that no receive has returned.</summary>
    public abstract bool HasBytesAtHand { get; }

    /// <summary>
    /// Whether the connection was reset, as far as the system knows, whatever is still unread. A peer that closed in order
    /// (FIN) looks like one that only ended its side, except over a Unix socket, where the system tells the two apart.
    /// </summary>
    public abstract bool HasPeerReset { get; }

    /// <summary>Tells the peer that no more comes (FIN), after all that was sent.</summary>
    public abstract Task EndOutputAsync();

    /// <summary>Ends the connection at once with a reset (RST).</summary>
    public abstract void Reset();

    /// <summary>Closes the connection; operations under way end with an error. May be called from any thread, more than once.</summary>
    public abstract void Close();

    /// <summary>Gives back what the channel borrowed; only when no operation is under way.</summary>
    public abstract void Dispose();

    /// <summary><see cref="HasPeerReset"/>, of a socket with no send under way: sending nothing fails where nothing can be sent any more.</summary>
    protected static bool IsGone(Socket socket)
    {
        try
        {
            // Without room for a byte it might have to wait; a socket that was reset counts as one that has room.
            if (!socket.Poll(0, SelectMode.SelectWrite))
            {
                return false;
            }

            _ = socket.Send([], 0, 0, SocketFlags.None, out var error);
            return error is not (SocketError.Success or SocketError.WouldBlock);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
