using PSSocketTools.Server.Journal;

namespace PSSocketTools;

/// <summary>Reads a server's events as they happen, each once. For one reader at a time.</summary>
public sealed class ServerEventFollower
{
    private readonly EventJournal _journal;
    private readonly JournalBatch _batch = new();
    private long _next;

    internal ServerEventFollower(EventJournal journal, long next)
    {
        _journal = journal;
        _next = next;
    }

    /// <summary>How many events were overwritten before this reader reached them.</summary>
    public long Missed { get; private set; }

    /// <summary>The events since the last read, oldest first.</summary>
    /// <param name="atMost">The largest number of events to examine.</param>
    public IReadOnlyList<ServerEvent> Read(int atMost = 1024)
    {
        var from = _next;
        var events = _journal.Read(from, atMost, default, out _next, _batch);
        Missed += _next - from - events.Count;
        return events;
    }

    /// <summary>Completes with true when there is something to read, with false when the server has stopped and nothing will follow.</summary>
    public Task<bool> WaitAsync() => _journal.WhenReached(_next);
}
