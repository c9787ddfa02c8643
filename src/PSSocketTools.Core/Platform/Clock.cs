using System.Diagnostics;

namespace PSSocketTools.Platform;

/// <summary>The wall clock and the monotonic clock; tests replace them.</summary>
internal class Clock
{
    public static readonly Clock System = new();

    /// <summary>Wall-clock time in ticks of 100 ns, UTC.</summary>
    public virtual long UtcTicks => DateTime.UtcNow.Ticks;

    /// <summary>Wall-clock time in the local time zone.</summary>
    public DateTimeOffset Now => new DateTimeOffset(UtcTicks, TimeSpan.Zero).ToLocalTime();

    /// <summary>Monotonic time in units of <see cref="Stopwatch.Frequency"/>, for durations.</summary>
    public virtual long Timestamp => Stopwatch.GetTimestamp();

    /// <summary>Monotonic time in milliseconds, some of them late, and read for next to nothing.</summary>
    public static long CoarseMilliseconds =>
#if NET
        Environment.TickCount64;
#else
        Environment.TickCount;
#endif

    /// <summary>The milliseconds since a <see cref="CoarseMilliseconds"/>; in .NET Framework up to 49 days.</summary>
    public static long CoarseSince(long milliseconds) =>
#if NET
        CoarseMilliseconds - milliseconds;
#else
        unchecked((uint)(CoarseMilliseconds - milliseconds));
#endif

    /// <summary>The time since a <see cref="Timestamp"/>.</summary>
    public TimeSpan Since(long timestamp) => Between(timestamp, Timestamp);

    /// <summary>The time from one <see cref="Timestamp"/> to another.</summary>
    public static TimeSpan Between(long earlier, long later) =>
        TimeSpan.FromTicks((long)((later - earlier) * (double)TimeSpan.TicksPerSecond / Stopwatch.Frequency));

    /// <summary>A time in units of <see cref="Timestamp"/>.</summary>
    public static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    /// <summary>The <see cref="Timestamp"/> that comes so long after another.</summary>
    public static long After(long timestamp, TimeSpan time) => timestamp + Ticks(time);

    /// <summary>The time from one of so many a second to the next, in units of <see cref="Timestamp"/>.</summary>
    public static double TicksEach(double perSecond) => Stopwatch.Frequency / perSecond;

    /// <summary>A time in units of <see cref="Timestamp"/>, as the system's calls take it.</summary>
    public static (long Seconds, long Nanoseconds) Split(long ticks) =>
        (ticks / Stopwatch.Frequency, ticks % Stopwatch.Frequency * 1_000_000_000 / Stopwatch.Frequency);

    /// <summary>Milliseconds in units of <see cref="Timestamp"/>.</summary>
    public static long Ticks(int milliseconds) => milliseconds * Stopwatch.Frequency / 1000;

    /// <summary>A time in units of <see cref="Timestamp"/>, in milliseconds.</summary>
    public static double Milliseconds(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;

    /// <summary>The same in whole milliseconds, rounded up so that a wait does not end before its time; 0 for a time that has passed.</summary>
    public static int WaitMilliseconds(long ticks) => ticks <= 0 ? 0 : (int)Math.Min(int.MaxValue, Math.Ceiling(Milliseconds(ticks)));
}
