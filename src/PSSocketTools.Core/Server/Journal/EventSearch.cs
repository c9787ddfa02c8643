namespace PSSocketTools.Server.Journal;

/// <summary>Finds the events that a query wants in a journal, those that it holds, and then those that are appended.</summary>
internal sealed class EventSearch
{
    // How many events are made at a time, before those that are not wanted are dropped.
    private const int BatchSize = 256;

    private readonly EventJournal _journal;
    private readonly ServerEventQuery _query;
    private readonly JournalFilter _filter;
    private readonly JournalBatch _batch = new();
    private readonly List<ServerEvent> _found = [];
    private long _next;

    public EventSearch(EventJournal journal, ServerEventQuery query)
    {
        _journal = journal;
        _query = query;
        _filter = query.ToFilter();
        _next = query.FirstSequence;
    }

    /// <summary>The events that the journal holds, oldest first.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="query">Which of them.</param>
    /// <param name="next">The sequence to continue from.</param>
    public static List<ServerEvent> Find(EventJournal journal, ServerEventQuery query, out long next)
    {
        if (query is { Last: { } count, NeedsEvent: false })
        {
            return journal.ReadLast(count, query.ToFilter(), out next, query.FirstSequence);
        }

        var search = new EventSearch(journal, query);
        search.Continue(query.Last ?? int.MaxValue, isLatest: true);
        next = search._next;
        return search._found;
    }

    /// <summary>How many have happened, up to a number: those that the journal no longer holds count where the kind alone decides.</summary>
    /// <param name="atMost">How many are looked for.</param>
    /// <param name="next">The sequence the next event will have, as far as was looked.</param>
    public long CountUpTo(int atMost, out long next)
    {
        if (_query.IsByKindOnly)
        {
            return _journal.CountOf(_query.Kind!, out next);
        }

        Continue(atMost, isLatest: false);
        next = _next;
        return _found.Count;
    }

    /// <summary>The first so many of those that were counted, less those the journal no longer holds.</summary>
    public IReadOnlyList<ServerEvent> First(int count) => _query.IsByKindOnly ? _journal.Read(1, count, _filter, out _) : _found;

    /// <summary>Reads on to the end there is now, and keeps the first or the latest so many.</summary>
    private void Continue(int atMost, bool isLatest)
    {
        var end = _journal.Next;
        while (_next < end && (isLatest || _found.Count < atMost))
        {
            var wanted = _query.NeedsEvent || isLatest ? BatchSize : Math.Min(BatchSize, atMost - _found.Count);
            _found.AddRange(_journal.Read(_next, end, wanted, _filter, out _next, _batch).Where(_query.MatchesContent));
            if (_found.Count > atMost)
            {
                _found.RemoveRange(isLatest ? 0 : atMost, _found.Count - atMost);
            }
        }
    }
}
