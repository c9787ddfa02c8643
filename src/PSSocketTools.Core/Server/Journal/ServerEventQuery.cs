using PSSocketTools.Net;
using PSSocketTools.Server.Journal;

namespace PSSocketTools;

/// <summary>Which events of a server are wanted: those that match every condition that is given.</summary>
public sealed record ServerEventQuery
{
    /// <summary>The kinds; null for all.</summary>
    public IReadOnlyCollection<ServerEventKind>? Kind { get; init; }

    /// <summary>The earliest time; null for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The time after which they happened; null for all.</summary>
    public DateTimeOffset? AfterTime { get; init; }

    /// <summary>The number of the event after which they come, in the order of <see cref="ServerEvent.Sequence"/>; 0 for all.</summary>
    public long AfterSequence { get; init; }

    /// <summary>The connections, by their numbers; null for all, and for events that concern none.</summary>
    public IReadOnlyCollection<int>? ConnectionId { get; init; }

    /// <summary>The blocks of addresses that the client's is in; null for all, and for events without a client.</summary>
    public IReadOnlyCollection<AddressBlock>? RemoteAddress { get; init; }

    /// <summary>Whether a message's text is wanted; null for all, and for events without a text.</summary>
    public Func<string, bool>? Message { get; init; }

    /// <summary>How many of the latest, 1 or more; null for all. A wait takes no notice of it.</summary>
    public int? Last { get; init; }

    /// <summary>Whether an event is wanted, <see cref="Last"/> aside.</summary>
    /// <param name="serverEvent">The event.</param>
    public bool Matches(ServerEvent serverEvent)
    {
        if (serverEvent is null)
        {
            throw new ArgumentNullException(nameof(serverEvent));
        }

        return serverEvent.Sequence > AfterSequence
            && ToFilter().Matches(serverEvent.GetKind(), serverEvent.GetTimestamp().UtcTicks, serverEvent.ConnectionId)
            && MatchesContent(serverEvent);
    }

    /// <summary>The sequence from which on events are wanted.</summary>
    internal long FirstSequence => Math.Max(AfterSequence, 0) == long.MaxValue ? long.MaxValue : Math.Max(AfterSequence, 0) + 1;

    /// <summary>Whether the row does not decide: the event has to be made first.</summary>
    internal bool NeedsEvent => Message is not null || RemoteAddress is not null;

    /// <summary>Whether the kind alone decides: then the journal's counts tell how many there were, overwritten ones included.</summary>
    internal bool IsByKindOnly => Kind is not null && !NeedsEvent && Since is null && AfterTime is null && AfterSequence <= 0 && ConnectionId is null;

    /// <summary>The conditions that a row decides.</summary>
    internal JournalFilter ToFilter()
    {
        // Events at that very time are not wanted: the first tick that is comes after it.
        var next = AfterTime?.ToUniversalTime() is { } time && time < DateTimeOffset.MaxValue ? time.AddTicks(1) : AfterTime;
        return new JournalFilter(Kind, Since is null || next > Since ? next ?? Since : Since, ConnectionId);
    }

    /// <summary>Whether an event matches the conditions that a row does not decide.</summary>
    internal bool MatchesContent(ServerEvent serverEvent) =>
        (Message is null || (serverEvent.Message is { } text && Message(text)))
        && (RemoteAddress is null
            || (serverEvent.RemoteAddress is { } client && AddressLiteral.TryRead(client, out var address) && RemoteAddress.Any(range => range.Contains(address))));
}
