namespace PSSocketTools.Load;

/// <summary>Which messages of a load are one connection's, and how many of them have gone out.</summary>
internal sealed class LoadTurn(LoadSchedule schedule, int connection, int connections)
{
    /// <summary>The number of the connection's next message, from 0.</summary>
    public long Next { get; private set; }

    /// <summary>Whether there is another message, so that a lost connection is worth another one.</summary>
    public bool HasMore => schedule.HasRate ? !schedule.IsCancelled && TryMoment(out _) : schedule.HasMore;

    /// <summary>When the next message is due; false where there is none, or none any more.</summary>
    public bool TryMoment(out long at) => schedule.TryMoment((Next * connections) + connection, out at);

    /// <summary>Takes the next message.</summary>
    /// <returns>Its number.</returns>
    public long Take() => Next++;
}
