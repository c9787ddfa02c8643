using System.Net.Sockets;
using PSSocketTools.Tls;

namespace PSSocketTools.Server.Transport;

/// <summary>
/// A non-blocking byte stream: what can't be done now fails with WouldBlock, and the pump runs the connection again when a
/// retry is worthwhile. Close ends the connection; Dispose releases the buffers, which pending operations may use until they end.
/// Fast channels are value types, for each of which the JIT compiles the connection separately.
/// </summary>
internal interface IChannel : IDisposable
{
    /// <summary>Whether the pump runs the connection after a reset even when nothing is being received.</summary>
    bool ReportsReset { get; }

    /// <summary>
    /// Whether the connection was reset, as far as the system knows, even if bytes are still unread. A client that closed its socket
    /// looks like one that only shut down its output (FIN), except over a Unix socket, where the system distinguishes the two.
    /// </summary>
    bool HasClientReset { get; }

    /// <summary>Whether the client has shut down its output (FIN), where the pump reports that even when nothing is being received.</summary>
    bool HasClientEnded { get; }

    /// <summary>How many sent bytes the client has not acknowledged; -1 where the system does not tell.</summary>
    int QueuedBytes { get; }

    /// <summary>Whether bytes have arrived for which the pump has not run the connection yet.</summary>
    bool HasBytesAvailable { get; }

    /// <summary>Whether operations are pending that hold buffers; the pump runs the connection when they complete.</summary>
    bool IsBusy { get; }

    /// <summary>The TLS protocol after the handshake; null without TLS.</summary>
    string? TlsProtocol { get; }

    /// <summary>The client's certificate after the handshake; null where none was asked for.</summary>
    PeerCertificate? ClientCertificate { get; }

    /// <summary>Starts to report events to a connection.</summary>
    void Watch(Connection connection);

    /// <summary>Handles events from the pump.</summary>
    /// <returns>Whether a blocked send may continue.</returns>
    bool OnReady(int events);

    /// <summary>Runs the handshake, if the channel has one.</summary>
    Task OpenAsync();

    /// <summary>
    /// Sends an alert to a client whose handshake takes too long, if the channel has one: it may not know that this server speaks TLS.
    /// One that has begun it knows, may have encrypted since, and gets nothing in plaintext.
    /// </summary>
    void RejectHandshake();

    /// <summary>Receives what is available. This invalidates the buffer of the previous receive.</summary>
    /// <param name="force">Whether to call the system even if it has reported no bytes.</param>
    /// <param name="buffer">Holds the bytes, from its start.</param>
    /// <param name="error">Why nothing was received.</param>
    /// <returns>How many bytes; 0 at the end of input, -1 with an error.</returns>
    int TryReceive(bool force, out byte[] buffer, out SocketError error);

    /// <summary>Sends some or all of the bytes. After WouldBlock it is called for the same bytes again.</summary>
    /// <returns>How many bytes were sent; -1 with an error.</returns>
    int TrySend(byte[] buffer, int offset, int count, out SocketError error);

    /// <summary>Shuts down the output (FIN), after all bytes sent.</summary>
    SocketError TryEndOutput();

    /// <summary>The system's message for an error of the last call.</summary>
    string Explain(SocketError error);

    /// <summary>Makes <see cref="Close"/> reset the connection (RST).</summary>
    void SetResetOnClose();

    /// <summary>Closes the connection, and reports no more events; pending operations end with an error.</summary>
    void Close(Connection connection);
}
