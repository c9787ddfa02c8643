namespace PSSocketTools.Interactive;

/// <summary>What a wait for keys ended with.</summary>
internal enum KeyWait
{
    /// <summary>There are keys.</summary>
    Keys,

    /// <summary>None was pressed in the time given.</summary>
    TimedOut,

    /// <summary>The wait was cancelled.</summary>
    Cancelled,

    /// <summary>The terminal has gone.</summary>
    Ended,
}
