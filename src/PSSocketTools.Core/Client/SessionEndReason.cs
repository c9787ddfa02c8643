namespace PSSocketTools.Client;

/// <summary>Why a session ended.</summary>
internal enum SessionEndReason
{
    /// <summary>This side closed it.</summary>
    ClientClosed,

    /// <summary>The server closed it.</summary>
    ServerClosed,

    /// <summary>The server, or something in between, reset the connection (RST).</summary>
    Reset,

    /// <summary>A response did not arrive in the time allowed.</summary>
    ResponseTimeout,

    /// <summary>A wait for a response was cancelled.</summary>
    Interrupted,

    /// <summary>The server violated the framing: a bad length prefix, or a message cut short.</summary>
    InvalidMessage,

    /// <summary>The server accepts only TLS, and the session does not use it; or it ended the connection by a TLS alert, as for a client certificate it does not accept.</summary>
    TlsFailed,

    /// <summary>The server sent more than the session can hold.</summary>
    MessageTooLarge,

    /// <summary>The system or TLS reported another error.</summary>
    Error,
}
