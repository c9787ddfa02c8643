using PSSocketTools.Platform;

namespace PSSocketTools.Load;

/// <summary>
/// When a load begins, from when it counts, and when its messages are sent: as soon as there is room for them, or with a rate when each
/// is due, which no late response puts off (an open loop).
/// </summary>
internal sealed class LoadSchedule
{
    private readonly EchoLoadOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly double _ticksEach;
    private readonly long _count;
    private long _remaining;

    public LoadSchedule(EchoLoadOptions options, CancellationToken cancellationToken)
    {
        (_options, _cancellationToken) = (options, cancellationToken);
        _remaining = options.Count ?? long.MaxValue;
        if (options.Rate is { } rate)
        {
            _ticksEach = Clock.TicksEach(rate);
            _count = (long)Math.Ceiling(rate * options.Warmup.TotalSeconds) + (options.Count ?? (long)Math.Ceiling(rate * options.Duration.TotalSeconds));
        }
    }

    public bool HasRate => _options.Rate is not null;

    public bool IsCancelled => _cancellationToken.IsCancellationRequested;

    /// <summary>When the first message is sent: a <see cref="Clock.Timestamp"/>.</summary>
    public long StartsAt { get; private set; }

    /// <summary>The warm-up's end; what was due or sent before it counts nowhere.</summary>
    public long CountsFrom { get; private set; }

    /// <summary>When the last message is due or sent at the latest; <see cref="long.MaxValue"/> where a count ends the load.</summary>
    public long EndsAt { get; private set; }

    /// <summary>How long messages are sent after the warm-up; null where a count ends the load as soon as it can.</summary>
    public TimeSpan? Time => _options.Count is not { } count ? _options.Duration : _options.Rate is { } rate ? TimeSpan.FromSeconds(count / rate) : null;

    public void Begin(long now)
    {
        StartsAt = now;
        CountsFrom = Clock.After(now, _options.Warmup);
        EndsAt = Time is { } time ? Clock.After(CountsFrom, time) : long.MaxValue;
    }

    /// <summary>Whether there is another message to claim. For loads without a rate.</summary>
    public bool HasMore => !IsCancelled && Clock.System.Timestamp is var now
        && (now < CountsFrom || (_options.Count is null ? now < EndsAt : Interlocked.Read(ref _remaining) > 0));

    /// <summary>Claims a message, if another may be sent now. For loads without a rate.</summary>
    public bool TryClaim()
    {
        if (IsCancelled)
        {
            return false;
        }

        var now = Clock.System.Timestamp;
        return now < CountsFrom || (_options.Count is null ? now < EndsAt : Interlocked.Decrement(ref _remaining) >= 0);
    }

    /// <summary>When a message is due: a <see cref="Clock.Timestamp"/>. For loads with a rate.</summary>
    /// <param name="number">The message's number, from 0, over all connections.</param>
    /// <param name="due">When.</param>
    /// <returns>False where the load has no such message.</returns>
    public bool TryGetDue(long number, out long due)
    {
        due = StartsAt + (long)(number * _ticksEach);
        return number < _count;
    }

    /// <summary>How many messages were due by then, those of the warm-up not counted.</summary>
    public long DueBy(long now) => Math.Max(0, NumberAt(Math.Min(now, EndsAt)) - NumberAt(CountsFrom));

    private long NumberAt(long at) => at <= StartsAt ? 0 : Math.Min(_count, (long)Math.Ceiling((at - StartsAt) / _ticksEach));
}
