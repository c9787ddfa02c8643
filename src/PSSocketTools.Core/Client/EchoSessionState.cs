namespace PSSocketTools;

/// <summary>The state of a session.</summary>
public enum EchoSessionState
{
    /// <summary>Connected.</summary>
    Open,

    /// <summary>This side sends no more, and still receives (RFC 9293, section 3.6).</summary>
    HalfClosed,

    /// <summary>Closed in order, by either side.</summary>
    Closed,

    /// <summary>Ended by an error: a missing response, a reset, or invalid framing.</summary>
    Faulted,
}
