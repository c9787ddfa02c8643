namespace PSSocketTools.Client;

/// <summary>Why a session ended.</summary>
internal enum SessionEndReason
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>This side closed it.</summary>
    ClientClosed,

    /// <summary>The server closed it.</summary>
    ServerClosed,

    /// <summary>The server, or something on the way, reset the connection (RST).</summary>
    Reset,

    /// <summary>An answer did not come in the time allowed.</summary>
    ResponseTimeout,

    /// <summary>A wait for an answer was cancelled (Ctrl+C).</summary>
    Interrupted,

    /// <summary>The server broke the framing: a bad length prefix, or a message cut short.</summary>
    InvalidMessage,

    /// <summary>The server accepts only TLS, and the session is without.</summary>
    TlsFailed,

    /// <summary>The server sent more than the session takes.</summary>
    MessageTooLarge,

    /// <summary>The system or TLS reported another error.</summary>
    Error,
}
