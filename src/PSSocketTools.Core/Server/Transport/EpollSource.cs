#if NET

namespace PSSocketTools.Server.Transport;

/// <summary>What a loop looks after: a descriptor, and a time. Everything about it happens on the loop's thread.</summary>
internal abstract class EpollSource
{
    /// <summary>No time at all.</summary>
    public const long Never = long.MaxValue;

    /// <summary>When <see cref="OnTime"/> is wanted, as a timestamp of the clock.</summary>
    public long Deadline { get; set; } = Never;

    /// <summary>When the loop looks at <see cref="Deadline"/>: then or earlier. <see cref="EpollTimers"/>' own.</summary>
    public long LookAt { get; set; }

    /// <summary>Where the source is among those with a time; -1 when it is not. <see cref="EpollTimers"/>' own.</summary>
    public int TimerIndex { get; set; } = -1;

    /// <summary>Something happened to the descriptor; perhaps long ago, perhaps nothing.</summary>
    public abstract void OnReady(int events);

    /// <summary>The deadline has come.</summary>
    public abstract void OnTime();

    /// <summary>The loop got round to a source that wanted to go on after the others.</summary>
    public virtual void OnTurn()
    {
    }

    /// <summary>One of the above threw: the source ends, and the loop goes on with the others.</summary>
    public abstract void Fail(Exception exception);
}
#endif
