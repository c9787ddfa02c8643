namespace PSSocketTools;

/// <summary>The state of an echo server.</summary>
public enum ServerState
{
    /// <summary>It accepts connections.</summary>
    Listening,

    /// <summary>It accepts no more connections, and sends its pending responses.</summary>
    Draining,

    /// <summary>It has stopped; the port is free.</summary>
    Stopped,

    /// <summary>It can't accept connections any more, and was not stopped; Error says why.</summary>
    Faulted,
}
