namespace PSSocketTools;

/// <summary>What happened on an echo server.</summary>
public enum ServerEventKind
{
    /// <summary>The server listens.</summary>
    Started,

    /// <summary>A client was accepted.</summary>
    Connected,

    /// <summary>A message was received: what the framing delimits, or, on a plain echo, what one receive returned.</summary>
    MessageReceived,

    /// <summary>A response was sent to the last byte.</summary>
    ResponseSent,

    /// <summary>A client ended its output (FIN), and still gets the responses to what it has sent.</summary>
    HalfClosed,

    /// <summary>A connection ended; the reason says how.</summary>
    Disconnected,

    /// <summary>A fault that the server has on purpose struck a message or a connection.</summary>
    FaultStruck,

    /// <summary>A connection was rejected; the reason says why.</summary>
    Rejected,

    /// <summary>Something failed, and the server continued.</summary>
    Error,

    /// <summary>The responder wrote a text of its own to the journal.</summary>
    Trace,

    /// <summary>The server stopped.</summary>
    Stopped,
}
