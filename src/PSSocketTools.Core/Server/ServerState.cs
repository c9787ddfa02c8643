namespace PSSocketTools;

/// <summary>Where an echo server is in its life.</summary>
public enum ServerState
{
    /// <summary>It accepts connections.</summary>
    Listening,

    /// <summary>It accepts no more and sends what it still owes.</summary>
    Draining,

    /// <summary>It is over; the port is free.</summary>
    Stopped,

    /// <summary>It can't accept any more and has not been stopped; Error says why.</summary>
    Faulted,
}
