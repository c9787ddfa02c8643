using System.Net.Sockets;

namespace PSSocketTools.Server.Transport;

/// <summary>
/// A connection's bytes, without waiting: what can't be done now fails with WouldBlock, and the pump is told when it is
/// worth another try. A value type, where speed counts: then the connection is compiled for it alone.
/// </summary>
internal interface IChannel : IDisposable
{
    /// <summary>Whether the connection learns of a reset unasked, with nothing received.</summary>
    bool TellsReset { get; }

    /// <summary>
    /// Whether the connection was reset, as far as the system knows, whatever is still unread. A peer that closed in order
    /// (FIN) looks like one that only ended its side, except over a Unix socket, where the system tells the two apart.
    /// </summary>
    bool HasPeerReset { get; }

    /// <summary>How many of the bytes sent the client has not taken in; -1 where the system does not tell.</summary>
    int QueuedBytes { get; }

    /// <summary>Whether bytes have arrived that the pump is about to tell of.</summary>
    bool HasBytesAtHand { get; }

    /// <summary>Whether the system still works on what was begun, and holds its buffers; the pump is told of its end.</summary>
    bool IsBusy { get; }

    /// <summary>Begins to tell a connection what happens.</summary>
    void Watch(Connection connection);

    /// <summary>Takes in what the pump was told.</summary>
    /// <returns>Whether a send may go on that had no room.</returns>
    bool OnReady(int events);

    /// <summary>Readies the channel for bytes: the handshake, where it has one.</summary>
    Task OpenAsync();

    /// <summary>Receives what is there. The bytes of the receive before are given back.</summary>
    /// <param name="insist">Whether to ask the system even if it has told of nothing.</param>
    /// <param name="buffer">The bytes, from its start.</param>
    /// <param name="error">Why nothing was received.</param>
    /// <returns>How many bytes; 0 at the end of input, -1 with an error.</returns>
    int TryReceive(bool insist, out byte[] buffer, out SocketError error);

    /// <summary>Sends some or all of the bytes. After WouldBlock it is called for the same bytes again.</summary>
    /// <returns>How many bytes were sent; -1 with an error.</returns>
    int TrySend(byte[] buffer, int offset, int count, out SocketError error);

    /// <summary>Tells the peer that no more comes (FIN), after all that was sent.</summary>
    SocketError TryEndOutput();

    /// <summary>The system's sentence for an error of the last call.</summary>
    string Explain(SocketError error);

    /// <summary>Has <see cref="Close"/> end the connection with a reset (RST).</summary>
    void SetResetOnClose();

    /// <summary>Closes the connection, and tells the one it was watched for no more; what is under way ends with an error.</summary>
    void Close(Connection connection);
}
