namespace PSSocketTools.Server.Journal;

/// <summary>Which events a reader wants, decided by their rows before any text is decoded.</summary>
internal readonly struct JournalFilter
{
    private readonly uint _excludedKinds;
    private readonly long _sinceTicks;
    private readonly IReadOnlyCollection<int>? _connections;

    /// <param name="kinds">The kinds to include; null for all.</param>
    /// <param name="since">The earliest time to include; null for all.</param>
    /// <param name="connections">The connections to include; null for all, and for events that concern none.</param>
    public JournalFilter(IReadOnlyCollection<ServerEventKind>? kinds, DateTimeOffset? since = null, IReadOnlyCollection<int>? connections = null)
    {
        _excludedKinds = kinds is null ? 0 : ~kinds.Aggregate(0u, static (bits, kind) => bits | (1u << (int)kind));
        _sinceTicks = since?.UtcTicks ?? 0;
        _connections = connections;
    }

    public bool Matches(ref JournalRow row) => Matches(row.Kind, row.UtcTicks, row.Client?.Id);

    public bool Matches(ServerEventKind kind, long utcTicks, int? connection) =>
        (_excludedKinds >> (int)kind & 1) == 0 && utcTicks >= _sinceTicks
        && (_connections is null || (connection is { } id && _connections.Contains(id)));
}
