namespace PSSocketTools.Tests.Server.Transport;

/// <summary>What tests ask of a server's journal.</summary>
internal static class ServerEvents
{
    /// <summary>Ends when so many events of a kind have happened since the server started, with all events until then.</summary>
    public static async Task<List<ServerEvent>> UntilAsync(this EchoServer server, ServerEventKind kind, int count = 1)
    {
        var follower = server.Follow();
        var events = new List<ServerEvent>();
        while (events.Count(e => e.Kind == kind.ToString()) < count)
        {
            if (!await follower.WaitAsync().WaitAsync(Patience.Long))
            {
                throw new InvalidOperationException($"The server stopped before {count} {kind}: {string.Join('\n', events)}");
            }

            events.AddRange(follower.Read());
        }

        return events;
    }

    /// <summary>The kinds of one connection's events, and the reason of its end.</summary>
    public static string Story(this IEnumerable<ServerEvent> events, int connectionId) => string.Join(
        ' ', events.Where(e => e.ConnectionId == connectionId).Select(static e => e.Reason is null ? e.Kind : $"{e.Kind}/{e.Reason}"));
}
