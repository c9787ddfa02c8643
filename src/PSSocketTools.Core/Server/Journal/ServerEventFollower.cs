using PSSocketTools.Server.Journal;

namespace PSSocketTools;

/// <summary>Reads a server's events as they happen, each once. For one reader at a time.</summary>
public sealed class ServerEventFollower
{
    private readonly EventJournal _journal;
    private readonly JournalPiece _piece = new();
    private long _next;

    internal ServerEventFollower(EventJournal journal, long next)
    {
        _journal = journal;
        _next = next;
    }

    /// <summary>The events that were overwritten before this reader came to them.</summary>
    public long Missed { get; private set; }

    /// <summary>The events since the last read, oldest first.</summary>
    /// <param name="atMost">How many events are looked at.</param>
    public IReadOnlyList<ServerEvent> Read(int atMost = 1024)
    {
        var from = _next;
        var events = _journal.Read(from, atMost, default, out _next, _piece);
        Missed += _next - from - events.Count;
        return events;
    }

    /// <summary>Ends with true when there is something to read, with false when the server stopped and there never will be.</summary>
    public Task<bool> WaitAsync() => _journal.WhenReached(_next);
}
