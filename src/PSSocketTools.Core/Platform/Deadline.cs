namespace PSSocketTools.Platform;

/// <summary>A point in time on the monotonic clock at which a wait ends; or never.</summary>
internal readonly struct Deadline
{
    private readonly long _at;

    private Deadline(long at) => _at = at;

    public static Deadline Never => new(long.MaxValue);

    public bool HasPassed => _at != long.MaxValue && Clock.System.Timestamp >= _at;

    /// <summary>The remaining time, rounded up; 0 when it has passed, -1 when it is never.</summary>
    public int Milliseconds
    {
        get
        {
            return _at == long.MaxValue ? Timeout.Infinite : Clock.WaitMilliseconds(_at - Clock.System.Timestamp);
        }
    }

    /// <summary>A deadline from now; never for a time of zero or less.</summary>
    public static Deadline After(TimeSpan time) => After(Clock.System.Timestamp, time);

    /// <summary>A deadline from a timestamp of <see cref="Clock"/>.</summary>
    public static Deadline After(long timestamp, TimeSpan time) =>
        time <= TimeSpan.Zero ? Never : new Deadline(timestamp + Clock.Ticks(time));

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
