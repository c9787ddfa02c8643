using System.Diagnostics;

namespace PSSocketTools.Platform;

/// <summary>A point in time on the monotonic clock at which a wait ends; or never.</summary>
internal readonly struct Deadline
{
    private readonly long _at;

    private Deadline(long at) => _at = at;

    public static Deadline Never => new(long.MaxValue);

    public bool HasPassed => _at != long.MaxValue && Stopwatch.GetTimestamp() >= _at;

    /// <summary>The remaining time, rounded up; 0 when it has passed, -1 when it is never.</summary>
    public int Milliseconds
    {
        get
        {
            if (_at == long.MaxValue)
            {
                return Timeout.Infinite;
            }

            var left = _at - Stopwatch.GetTimestamp();
            return left <= 0 ? 0 : (int)Math.Min(int.MaxValue, Math.Ceiling(left * 1000.0 / Stopwatch.Frequency));
        }
    }

    /// <summary>A deadline from now; never for a time of zero or less.</summary>
    public static Deadline After(TimeSpan time) => After(Stopwatch.GetTimestamp(), time);

    /// <summary>A deadline from a timestamp of <see cref="Stopwatch"/>.</summary>
    public static Deadline After(long timestamp, TimeSpan time) =>
        time <= TimeSpan.Zero ? Never : new Deadline(timestamp + (long)(time.TotalSeconds * Stopwatch.Frequency));

    public static Deadline Earlier(Deadline one, Deadline other) => one._at < other._at ? one : other;

    /// <summary>Waits until the deadline has passed.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public void Wait(CancellationToken cancellationToken)
    {
        while (!HasPassed)
        {
            cancellationToken.WaitHandle.WaitOne(Milliseconds);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
