namespace PSSocketTools.Server.Transport;

/// <summary>What a pump runs: it is told when something happened to its socket, and when its deadline has come, by one thread at a time.</summary>
internal abstract class TimedSource
{
    /// <summary>No time at all.</summary>
    public const long Never = long.MaxValue;

    /// <summary>No event that is known: whoever is woken with it looks for itself.</summary>
    public const int NoEvents = 0;

    /// <summary>When <see cref="OnTime"/> is wanted, as a timestamp of the clock.</summary>
    public long Deadline { get; set; } = Never;

    /// <summary>When the pump looks at <see cref="Deadline"/>: then or earlier. The pump's own.</summary>
    public long LookAt { get; set; } = Never;

    /// <summary>Where the source is among those with a time; -1 when it is not. <c>EpollTimers</c>' own.</summary>
    public int TimerIndex { get; set; } = -1;

    /// <summary>Something happened to the socket; perhaps long ago, perhaps nothing.</summary>
    /// <param name="events">What, as epoll tells it; <see cref="NoEvents"/> where nobody tells.</param>
    public abstract void OnReady(int events);

    /// <summary>The deadline has come.</summary>
    public abstract void OnTime();

    /// <summary>The pump got round to a source that let the others go first.</summary>
    public virtual void OnTurn()
    {
    }

    /// <summary>One of the above threw: the source ends, and the pump goes on with the others.</summary>
    public abstract void Fail(Exception exception);
}
