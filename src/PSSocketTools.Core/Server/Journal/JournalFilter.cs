namespace PSSocketTools.Server.Journal;

/// <summary>Which events a reader wants, decided by their rows before any text is decoded.</summary>
internal readonly struct JournalFilter
{
    private readonly uint _excludedKinds;
    private readonly long _since;

    /// <param name="kinds">The kinds to include; null for all.</param>
    /// <param name="since">The earliest time to include; null for all.</param>
    public JournalFilter(IReadOnlyCollection<ServerEventKind>? kinds, DateTimeOffset? since = null)
    {
        _excludedKinds = kinds is null ? 0 : ~kinds.Aggregate(0u, static (bits, kind) => bits | (1u << (int)kind));
        _since = since?.UtcTicks ?? 0;
    }

    public bool Matches(ref JournalRow row) => (_excludedKinds >> (int)row.Kind & 1) == 0 && row.UtcTicks >= _since;
}
