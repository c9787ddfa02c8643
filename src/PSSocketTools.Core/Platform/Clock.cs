using System.Diagnostics;

namespace PSSocketTools.Platform;

/// <summary>The time, as whoever owns the code under it wants it told; tests give their own.</summary>
internal class Clock
{
    /// <summary>The machine's clock.</summary>
    public static readonly Clock System = new();

    /// <summary>Wall-clock time in ticks of 100 ns, UTC.</summary>
    public virtual long UtcTicks => DateTime.UtcNow.Ticks;

    /// <summary>Wall-clock time as people here read it.</summary>
    public DateTimeOffset Now => new DateTimeOffset(UtcTicks, TimeSpan.Zero).ToLocalTime();

    /// <summary>Time that never jumps, in units of <see cref="Stopwatch.Frequency"/>, for durations.</summary>
    public virtual long Timestamp => Stopwatch.GetTimestamp();

    /// <summary>How long ago a <see cref="Timestamp"/> was taken.</summary>
    public TimeSpan Since(long timestamp) => Between(timestamp, Timestamp);

    /// <summary>The time from one <see cref="Timestamp"/> to another.</summary>
    public static TimeSpan Between(long earlier, long later) =>
        TimeSpan.FromTicks((long)((later - earlier) * (double)TimeSpan.TicksPerSecond / Stopwatch.Frequency));
}
