namespace PSSocketTools.Ports;

/// <summary>What became of an attempt that was begun.</summary>
internal enum AttemptStart
{
    /// <summary>It ended at once.</summary>
    Ended,

    /// <summary>The transport will report its end.</summary>
    Pending,

    /// <summary>There was no descriptor for it.</summary>
    Postponed,
}
