using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Makes of what users write a query for events.</summary>
internal static class EventSelection
{
    /// <summary>The query for all that is given.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: no pattern, or no address.</exception>
    public static ServerEventQuery ToQuery(
        ServerEventKind[]? kind, string[]? message, int[]? connectionId, string[]? remoteAddress, EventPosition? after) => new()
    {
        Kind = kind,
        Message = message is null ? null : ToMatch(message),
        ConnectionId = connectionId,
        RemoteAddress = remoteAddress is null ? null : Array.ConvertAll(remoteAddress, AddressBlock.Parse),
        AfterSequence = after?.Sequence ?? 0,
        AfterTime = after?.Time,
    };

    /// <summary>Throws where an event's number is to be a place in the timeline of other servers.</summary>
    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    public static void RequirePlace(EventPosition? after, IReadOnlyList<EchoServer> servers)
    {
        if (after?.IsIn(servers) == false)
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("AfterOfOneServer"), "After");
        }
    }

    /// <summary>Whether a text is as one of the patterns says. The line end that a plain echo's message has does not count.</summary>
    private static Func<string, bool> ToMatch(string[] patterns)
    {
        var matches = Array.ConvertAll(patterns, Wildcards.Parse);
        return text => Array.Exists(matches, one => one.IsMatch(text) || one.IsMatch(text.TrimEnd('\r', '\n')));
    }
}
