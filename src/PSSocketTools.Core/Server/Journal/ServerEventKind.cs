namespace PSSocketTools;

/// <summary>What happened on an echo server.</summary>
public enum ServerEventKind
{
    /// <summary>The server listens.</summary>
    Started,

    /// <summary>A client was accepted.</summary>
    Connected,

    /// <summary>A message came: what the framing says is one; on a plain echo, what one receive returned.</summary>
    MessageReceived,

    /// <summary>An answer left, to the last byte.</summary>
    ResponseSent,

    /// <summary>A connection ended; the reason says how.</summary>
    Disconnected,

    /// <summary>A client was turned away; the reason says why.</summary>
    Rejected,

    /// <summary>Something failed and the server went on.</summary>
    Error,

    /// <summary>The server stopped.</summary>
    Stopped,
}
