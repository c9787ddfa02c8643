namespace PSSocketTools;

/// <summary>Why a connection ended, a client was turned away, or an error happened.</summary>
public enum ServerEventReason
{
    /// <summary>No reason applies to this kind of event.</summary>
    None,

    /// <summary>The client ended its side (FIN).</summary>
    ClientClosed,

    /// <summary>The client sent the word that ends a conversation.</summary>
    ExitCommand,

    /// <summary>The connection was reset (RST), by the client or something between.</summary>
    Reset,

    /// <summary>Nothing moved, in either direction, for as long as the server allows.</summary>
    IdleTimeout,

    /// <summary>A message was longer than the server allows.</summary>
    MessageTooLarge,

    /// <summary>The client broke the framing.</summary>
    InvalidMessage,

    /// <summary>The client's address is not among those the server allows.</summary>
    NotAllowed,

    /// <summary>The server serves as many connections as it may.</summary>
    TooManyConnections,

    /// <summary>The TLS handshake failed or was not finished in time.</summary>
    HandshakeFailed,

    /// <summary>The server was told to end the conversation after so many messages, by FIN or by RST.</summary>
    MessageLimit,

    /// <summary>The server's script block failed.</summary>
    ResponderFailed,

    /// <summary>The server stopped.</summary>
    ServerStopped,

    /// <summary>Accepting a connection failed.</summary>
    AcceptFailed,

    /// <summary>The log file could not be written.</summary>
    LogFailed,

    /// <summary>Anything else failed; the message says what.</summary>
    Fault,
}
