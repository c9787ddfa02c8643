namespace PSSocketTools;

/// <summary>Whether a session can still be spoken through.</summary>
public enum EchoSessionState
{
    /// <summary>Connected.</summary>
    Open,

    /// <summary>Ended in order, by either side.</summary>
    Closed,

    /// <summary>Ended by an error: an answer that never came, a reset, a broken framing.</summary>
    Faulted,
}
