namespace PSSocketTools.Server.Journal;

/// <summary>Which events a reader wants, decided on their rows, before any text is made.</summary>
internal readonly struct JournalFilter
{
    private readonly uint _unwanted;
    private readonly long _since;

    /// <param name="kinds">The kinds wanted; null for all.</param>
    /// <param name="since">The earliest wanted; null for all.</param>
    public JournalFilter(IReadOnlyCollection<ServerEventKind>? kinds, DateTimeOffset? since = null)
    {
        _unwanted = kinds is null ? 0 : ~kinds.Aggregate(0u, static (bits, kind) => bits | (1u << (int)kind));
        _since = since?.UtcTicks ?? 0;
    }

    /// <summary>Whether an event is wanted.</summary>
    public bool Wants(ref JournalRow row) => (_unwanted >> (int)row.Kind & 1) == 0 && row.UtcTicks >= _since;
}
