namespace PSSocketTools.Ports.Probing;

/// <summary>What a check has found.</summary>
internal enum ProbeVerdict
{
    /// <summary>Nothing yet.</summary>
    Pending,

    /// <summary>The server did what it was to do.</summary>
    Passed,

    /// <summary>The server closed or reset the connection without a byte.</summary>
    ClosedAtOnce,

    /// <summary>No byte was received in the time allowed.</summary>
    Silent,

    /// <summary>Something else than what was sent was received back, or nothing was.</summary>
    NotEcho,
}
