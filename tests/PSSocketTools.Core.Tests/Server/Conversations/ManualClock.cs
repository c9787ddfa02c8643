using System.Diagnostics;
using PSSocketTools.Platform;

namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>A clock that a test advances.</summary>
internal sealed class ManualClock : Clock
{
    private long _utcTicks = new DateTimeOffset(2026, 3, 4, 5, 6, 7, 89, TimeSpan.Zero).Ticks;
    private long _timestamp = 1;

    public override long UtcTicks => Interlocked.Read(ref _utcTicks);

    public override long Timestamp => Interlocked.Read(ref _timestamp);

    /// <summary>Sets the time of day alone.</summary>
    public void SetWall(DateTimeOffset to) => Interlocked.Exchange(ref _utcTicks, to.UtcTicks);

    public void Advance(TimeSpan by)
    {
        Interlocked.Exchange(ref _utcTicks, Math.Min(_utcTicks, DateTimeOffset.MaxValue.UtcTicks - by.Ticks) + by.Ticks);
        Interlocked.Add(ref _timestamp, (long)(by.TotalSeconds * Stopwatch.Frequency));
    }
}
