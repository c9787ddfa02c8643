using PSSocketTools.Platform;

namespace PSSocketTools.Server.Journal;

/// <summary>A server's counters and its journal.</summary>
internal sealed class ServerRecord(EventJournal journal, Clock clock)
{
    // The journal keeps texts as they are, so that one that knows no bounds would fill the memory.
    private const int MaxTraceLength = 16 * 1024;

    private long _totalConnections;
    private long _activeConnections;
    private long _rejectedConnections;
    private long _messagesReceived;
    private long _bytesReceived;
    private long _bytesSent;
    private int _connectionsLeft;
    private Action? _onLastEnded;

    public EventJournal Journal { get; } = journal;

    public Clock Clock { get; } = clock;

    public long TotalConnections => Interlocked.Read(ref _totalConnections);

    public long ActiveConnections => Interlocked.Read(ref _activeConnections);

    public long RejectedConnections => Interlocked.Read(ref _rejectedConnections);

    public long MessagesReceived => Interlocked.Read(ref _messagesReceived);

    public long BytesReceived => Interlocked.Read(ref _bytesReceived);

    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Counts an accepted connection, unless the limit is reached. The limit holds under concurrent calls too.</summary>
    public bool TryConnect(ConnectionFacts connection, int mostActive)
    {
        for (var active = ActiveConnections; ;)
        {
            if (active >= mostActive)
            {
                return false;
            }

            var before = Interlocked.CompareExchange(ref _activeConnections, active + 1, active);
            if (before == active)
            {
                break;
            }

            active = before;
        }

        Interlocked.Increment(ref _totalConnections);
        try
        {
            Journal.Append(ServerEventKind.Connected, connection);
            return true;
        }
        catch
        {
            Interlocked.Decrement(ref _totalConnections);
            Interlocked.Decrement(ref _activeConnections);
            throw;
        }
    }

    public void HalfClosed(ConnectionFacts connection) => Journal.Append(ServerEventKind.HalfClosed, connection);

    /// <summary>Names what is called when so many connections have ended. Before the first is accepted.</summary>
    public void WhenEnded(int connections, Action action)
    {
        _connectionsLeft = connections;
        _onLastEnded = action;
    }

    /// <summary>Counts the end of a connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why it ended.</param>
    /// <param name="fault">The fault that ended it; null for none.</param>
    public void Disconnected(ConnectionFacts connection, ServerEventReason reason, string? fault = null)
    {
        Interlocked.Decrement(ref _activeConnections);
        Journal.Append(ServerEventKind.Disconnected, connection, reason, fault, Clock.Since(connection.StartedAt));
        if (_onLastEnded is not null && Interlocked.Decrement(ref _connectionsLeft) == 0)
        {
            _onLastEnded();
        }
    }

    public void Rejected(ConnectionFacts connection, ServerEventReason reason)
    {
        Interlocked.Increment(ref _rejectedConnections);
        Journal.Append(ServerEventKind.Rejected, connection, reason);
    }

    public void FaultStruck(ConnectionFacts connection, string fault) => Journal.Append(ServerEventKind.FaultStruck, connection, text: fault);

    public void Failed(ConnectionFacts? connection, ServerEventReason reason, string what) =>
        Journal.Append(ServerEventKind.Error, connection, reason, what);

    /// <summary>Records what a responder told.</summary>
    public void Trace(ConnectionFacts connection, string text) => Journal.Append(
        ServerEventKind.Trace, connection, text: text.Length <= MaxTraceLength ? text : text.Substring(0, MaxTraceLength) + "\u2026");

    /// <summary>Counts received bytes, framing included.</summary>
    public void AddBytesReceived(ConnectionFacts connection, int count)
    {
        connection.CountReceived(count);
        Interlocked.Add(ref _bytesReceived, count);
    }

    /// <summary>Counts bytes that the kernel accepted for sending.</summary>
    public void AddBytesSent(ConnectionFacts connection, int count)
    {
        connection.CountSent(count);
        Interlocked.Add(ref _bytesSent, count);
    }

    /// <summary>Counts a message, and reports it in the journal.</summary>
    /// <returns>Where the journal keeps its bytes; -1 where it does not.</returns>
    public long MessageReceived(ConnectionFacts connection, byte[] buffer, int offset, int count)
    {
        connection.CountMessage();
        Interlocked.Increment(ref _messagesReceived);
        return Journal.Append(ServerEventKind.MessageReceived, connection, buffer, offset, count);
    }

    /// <summary>Reports a response in the journal.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="buffer">The buffer with the response.</param>
    /// <param name="offset">Where it begins, without its framing.</param>
    /// <param name="count">Its bytes.</param>
    /// <param name="received">Where the journal keeps the bytes of the message, where the response has the same; otherwise -1.</param>
    public void ResponseSent(ConnectionFacts connection, byte[] buffer, int offset, int count, long received = -1) =>
        Journal.Append(ServerEventKind.ResponseSent, connection, buffer, offset, count, received);
}
