namespace PSSocketTools.Server.Journal;

// This part reads, counts, and waits for events.
internal sealed partial class EventJournal
{
    // How many rows a reader examines before it releases the lock, so that the server can append.
    private const int MaxRowsPerLock = 4096;

    /// <summary>How many events of a kind were appended, overwritten ones included.</summary>
    public long CountOf(ServerEventKind kind)
    {
        lock (_gate)
        {
            return _counts[(int)kind];
        }
    }

    /// <summary>How many events of these kinds were appended, overwritten ones included.</summary>
    /// <param name="kinds">The kinds counted.</param>
    /// <param name="next">The sequence the next event will have.</param>
    public long CountOf(IReadOnlyCollection<ServerEventKind> kinds, out long next)
    {
        lock (_gate)
        {
            next = _ring.Next;
            return kinds.Distinct().Sum(kind => _counts[(int)kind]);
        }
    }

    /// <summary>Completes with true when an event with this sequence or a later one exists, with false when the journal ends before.</summary>
    public async Task<bool> WhenReached(long sequence)
    {
        while (true)
        {
            Task signal;
            lock (_gate)
            {
                if (_ring.Next > sequence)
                {
                    return true;
                }

                if (_ended)
                {
                    return false;
                }

                _nextEvent ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                signal = _nextEvent.Task;
            }

            await signal.ConfigureAwait(false);
        }
    }

    /// <summary>Copies events from a sequence on, oldest first, as many as the batch has room for.</summary>
    /// <returns>The sequence to continue from.</returns>
    public long Copy(long from, JournalBatch batch) => Copy(from, long.MaxValue, int.MaxValue, default, batch);

    /// <summary>The events from a sequence on that the ring still holds, oldest first, without those appended meanwhile.</summary>
    /// <param name="from">The first sequence wanted; 1 for all.</param>
    /// <param name="atMost">The largest number of events.</param>
    /// <param name="filter">Which events.</param>
    /// <param name="next">The sequence to continue from.</param>
    /// <param name="batch">A buffer to reuse between reads; null for a new one.</param>
    /// <remarks>The lock is held only while some rows are copied, never while text is decoded, so that the server can append in between.</remarks>
    public List<ServerEvent> Read(long from, int atMost, JournalFilter filter, out long next, JournalBatch? batch = null) =>
        Read(from, Next, atMost, filter, out next, batch ?? new JournalBatch());

    /// <summary>The latest events that the ring holds, oldest first.</summary>
    /// <param name="count">How many, 1 or more.</param>
    /// <param name="filter">Which events.</param>
    /// <param name="next">The sequence to continue from.</param>
    /// <param name="first">The first sequence wanted; 1 for all.</param>
    public List<ServerEvent> ReadLast(int count, JournalFilter filter, out long next, long first = 1)
    {
        var end = Next;
        var from = end;
        for (var found = 0; found < count;)
        {
            lock (_gate)
            {
                var oldest = Math.Max(_ring.Oldest, first);
                if (from <= oldest)
                {
                    break;
                }

                for (var stop = Math.Max(oldest, from - MaxRowsPerLock); from > stop && found < count; from--)
                {
                    if (filter.Matches(ref _ring[from - 1]))
                    {
                        found++;
                    }
                }
            }
        }

        return Read(from, end, int.MaxValue, filter, out next, new JournalBatch());
    }

    /// <summary>The events from a sequence on and before another that the ring still holds, oldest first.</summary>
    public List<ServerEvent> Read(long from, long end, int atMost, JournalFilter filter, out long next, JournalBatch batch)
    {
        var events = new List<ServerEvent>();
        next = Math.Min(from, end);
        while (next < end && events.Count < atMost)
        {
            next = Copy(next, end, atMost - events.Count, filter, batch);
            for (var i = 0; i < batch.Count; i++)
            {
                events.Add(batch.ToEvent(i, _server, _encoding));
            }
        }

        batch.Clear();
        return events;
    }

    /// <summary>Copies matching events, as many as the batch has room for, and examines no more rows than one hold of the lock allows.</summary>
    /// <returns>The sequence to continue from.</returns>
    private long Copy(long from, long end, int atMost, JournalFilter filter, JournalBatch batch)
    {
        batch.Clear();
        lock (_gate)
        {
            var sequence = Math.Min(Math.Max(from, _ring.Oldest), _ring.Next);
            for (var stop = Math.Min(Math.Min(end, _ring.Next), sequence + MaxRowsPerLock); sequence < stop && batch.Count < atMost; sequence++)
            {
                ref var row = ref _ring[sequence];
                if (filter.Matches(ref row) && !batch.TryAdd(ref row, sequence, _ring.Bytes))
                {
                    break;
                }
            }

            return sequence;
        }
    }
}
