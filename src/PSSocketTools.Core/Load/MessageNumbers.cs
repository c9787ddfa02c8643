namespace PSSocketTools.Load;

/// <summary>The numbers of one connection's messages, from 0, and when each is due: a load's connections take turns.</summary>
internal sealed class MessageNumbers(LoadSchedule schedule, int connection, int connections)
{
    private long _next;

    /// <summary>Whether there is another message, so that a lost connection is worth another one.</summary>
    public bool HasMore => schedule.HasRate ? !schedule.IsCancelled && TryGetDue(out _) : schedule.HasMore;

    /// <summary>When the next message is due; false where there is none, or none any more.</summary>
    public bool TryGetDue(out long due) => schedule.TryGetDue((_next * connections) + connection, out due);

    public long TakeNext() => _next++;
}
