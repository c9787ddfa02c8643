namespace PSSocketTools;

/// <summary>Events of several servers.</summary>
public static class ServerEventTimeline
{
    /// <summary>
    /// One timeline of what happened on several servers: by time, and each server's in their own order, whatever was done to the
    /// clock meanwhile.
    /// </summary>
    /// <param name="servers">The events of each, oldest first.</param>
    public static IReadOnlyList<ServerEvent> Merge(IEnumerable<IReadOnlyList<ServerEvent>> servers)
    {
        if (servers is null)
        {
            throw new ArgumentNullException(nameof(servers));
        }

        return [.. servers.SelectMany(WithOrder).OrderBy(static one => one.Ticks).Select(static one => one.Event)];
    }

    /// <summary>Each event with its time, or that of one before it that was later.</summary>
    private static IEnumerable<(ServerEvent Event, long Ticks)> WithOrder(IReadOnlyList<ServerEvent> events)
    {
        var latest = 0L;
        foreach (var one in events)
        {
            latest = Math.Max(latest, one.GetTimestamp().UtcTicks);
            yield return (one, latest);
        }
    }
}
