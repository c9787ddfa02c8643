namespace PSSocketTools.Platform;

/// <summary>
/// A point in time on the monotonic clock at which a wait ends; or never, which is how the engine says that there is no limit. In
/// options zero says it, and to the waits of .NET and of the system <see cref="Timeout.Infinite"/>: both become a deadline here.
/// </summary>
internal readonly struct Deadline
{
    private readonly long _at;

    private Deadline(long at) => _at = at;

    public static Deadline Never => new(long.MaxValue);

    /// <summary>One that has passed already.</summary>
    public static Deadline Passed => default;

    public bool IsNever => _at == long.MaxValue;

    public bool HasPassed => HasPassedBy(Clock.System.Timestamp);

    /// <summary>The remaining time, rounded up, as waits take it; 0 when it has passed, <see cref="Timeout.Infinite"/> when it is never.</summary>
    public int Milliseconds => MillisecondsFrom(Clock.System.Timestamp);

    /// <summary>A deadline from now.</summary>
    /// <param name="time">As options have it: never for zero.</param>
    public static Deadline AfterLimit(TimeSpan time) => AfterLimit(Clock.System.Timestamp, time);

    /// <summary>A deadline from a timestamp of <see cref="Clock"/>.</summary>
    /// <param name="timestamp">The timestamp.</param>
    /// <param name="time">As options have it: never for zero.</param>
    public static Deadline AfterLimit(long timestamp, TimeSpan time) =>
        time <= TimeSpan.Zero ? Never : new Deadline(timestamp + Clock.Ticks(time));

    /// <summary>A deadline from now.</summary>
    /// <param name="milliseconds">As waits have it: now for 0, never for <see cref="Timeout.Infinite"/>.</param>
    public static Deadline AfterMilliseconds(int milliseconds) =>
        milliseconds < 0 ? Never : new Deadline(Clock.System.Timestamp + Clock.Ticks(milliseconds));

    public static Deadline Earlier(Deadline one, Deadline other) => one.IsBefore(other) ? one : other;

    public bool IsBefore(Deadline other) => _at < other._at;

    /// <summary>Whether it has passed at a timestamp of <see cref="Clock"/>.</summary>
    public bool HasPassedBy(long timestamp) => _at <= timestamp;

    /// <summary><see cref="Milliseconds"/> at a timestamp of <see cref="Clock"/>.</summary>
    public int MillisecondsFrom(long timestamp) => IsNever ? Timeout.Infinite : Clock.WaitMilliseconds(_at - timestamp);

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
