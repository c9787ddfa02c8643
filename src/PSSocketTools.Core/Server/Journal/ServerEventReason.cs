namespace PSSocketTools;

/// <summary>Why a connection ended or was rejected, or an error happened.</summary>
public enum ServerEventReason
{
    /// <summary>No reason applies to this kind of event.</summary>
    None,

    /// <summary>The client ended its side (FIN).</summary>
    ClientClosed,

    /// <summary>The client sent the word that ends a conversation.</summary>
    ExitCommand,

    /// <summary>The connection was reset (RST) by the client or something in between.</summary>
    Reset,

    /// <summary>No bytes were sent or received for as long as the idle timeout.</summary>
    IdleTimeout,

    /// <summary>A message was longer than the server allows.</summary>
    MessageTooLarge,

    /// <summary>The client sent bytes that violate the framing.</summary>
    InvalidMessage,

    /// <summary>The client's address is not among those the server allows.</summary>
    NotAllowed,

    /// <summary>The server has reached its limit of connections.</summary>
    TooManyConnections,

    /// <summary>Over UDP, a datagram was dropped, since as many responses were pending as the server allows.</summary>
    TooManyResponses,

    /// <summary>The TLS handshake failed or was not finished in time.</summary>
    HandshakeFailed,

    /// <summary>The client sent no certificate where one is required, or one that the server does not accept; the message says why.</summary>
    ClientCertificateRefused,

    /// <summary>The connection has reached its limit of messages, after which the server closes (FIN) or resets (RST) it.</summary>
    MessageLimit,

    /// <summary>A fault that the server has on purpose ended the connection.</summary>
    FaultStruck,

    /// <summary>The server's responder failed.</summary>
    ResponderFailed,

    /// <summary>The server's responder reported an error, and its response was sent nevertheless.</summary>
    ResponderError,

    /// <summary>The server stopped.</summary>
    ServerStopped,

    /// <summary>The server had listened for as long as its options allow.</summary>
    TimeLimit,

    /// <summary>As many connections had ended as the options of the server allow.</summary>
    ConnectionLimit,

    /// <summary>The server ended this connection on request.</summary>
    ServerClosed,

    /// <summary>Too much was pending for the client, which did not read what others had sent.</summary>
    TooSlow,

    /// <summary>Accepting a connection failed.</summary>
    AcceptFailed,

    /// <summary>The log file could not be written.</summary>
    LogFailed,

    /// <summary>Another failure; the message says what.</summary>
    Failure,
}
