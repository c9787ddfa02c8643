using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>What a pump runs: it handles socket events and an expired deadline, on one thread at a time.</summary>
internal abstract class PumpHandler
{
    /// <summary>No known event: the handler checks for itself.</summary>
    public const int NoEvents = 0;

    /// <summary>When <see cref="OnTime"/> is due.</summary>
    public Deadline Deadline { get; set; } = Deadline.Never;

    /// <summary>When the pump checks <see cref="Deadline"/>, which is at the deadline or earlier. Only for the pump.</summary>
    public Deadline CheckAt { get; set; } = Deadline.Never;

    /// <summary>The handler's index in the heap of timers; -1 when it is not there. Only for <c>EpollTimers</c>.</summary>
    public int TimerIndex { get; set; } = -1;

    /// <summary>Handles a socket event, which may be stale or spurious.</summary>
    /// <param name="events">The events of epoll; <see cref="NoEvents"/> when they are not known.</param>
    public abstract void OnReady(int events);

    /// <summary>Handles the expired deadline.</summary>
    public abstract void OnTime();

    /// <summary>Continues a handler that has yielded to the others.</summary>
    public virtual void OnResume()
    {
    }

    /// <summary>Sets no deadline any more.</summary>
    protected void StopTimer() => Deadline = Deadline.Never;

    /// <summary>Ends it after one of the methods above threw; the pump continues with its other handlers.</summary>
    public abstract void Fail(Exception exception);
}
