using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>How long a response may take: the time, for errors, and its deadline.</summary>
/// <param name="startedAt">When the time began, a timestamp of <see cref="Clock"/>.</param>
/// <param name="time">As options have it: zero for no limit.</param>
internal readonly struct ResponseLimit(long startedAt, TimeSpan time)
{
    /// <summary>For what waits for no response.</summary>
    public static ResponseLimit None => new(0, TimeSpan.Zero);

    public TimeSpan Time { get; } = time;

    /// <summary>Whether only the sending is waited for, since no response is expected.</summary>
    public bool IsForSending { get; init; }

    public Deadline Deadline { get; } = Deadline.AfterLimit(startedAt, time);

    /// <summary>A limit from now.</summary>
    public static ResponseLimit From(TimeSpan time) => new(Clock.System.Timestamp, time);
}
