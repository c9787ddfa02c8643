namespace PSSocketTools.Load;

/// <summary>What was run, and when, for a measurement, beside what was counted.</summary>
/// <param name="Options">The load.</param>
/// <param name="StartedAt">When the first message that counts was sent, in local time.</param>
/// <param name="Duration">From then to the last response.</param>
internal sealed record LoadRun(EchoLoadOptions Options, DateTime StartedAt, TimeSpan Duration)
{
    /// <summary>Which interval it is, from 1; null for the whole.</summary>
    public int? Interval { get; init; }

    /// <summary>How many messages were due; null without a rate.</summary>
    public long? Due { get; init; }

    /// <summary>How long messages were to be sent; null where that is the duration.</summary>
    public TimeSpan? ScheduledTime { get; init; }
}
