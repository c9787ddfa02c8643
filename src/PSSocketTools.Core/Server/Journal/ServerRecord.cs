using PSSocketTools.Platform;

namespace PSSocketTools.Server.Journal;

/// <summary>A server's counters and its journal.</summary>
internal sealed class ServerRecord(EventJournal journal, Clock clock)
{
    // The journal keeps texts as they are, and a long one would fill the memory.
    private const int MaxTraceLength = 16 * 1024;

    private long _totalConnections;
    private long _activeConnections;
    private long _rejectedConnections;
    private long _bytesReceived;
    private long _bytesSent;
    private int _connectionsLeft;
    private Action? _onLastEnded;

    public EventJournal Journal { get; } = journal;

    public Clock Clock { get; } = clock;

    public long TotalConnections => Interlocked.Read(ref _totalConnections);

    public long ActiveConnections => Interlocked.Read(ref _activeConnections);

    public long RejectedConnections => Interlocked.Read(ref _rejectedConnections);

    public long MessagesReceived => Journal.CountOf(ServerEventKind.MessageReceived);

    public long BytesReceived => Interlocked.Read(ref _bytesReceived);

    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Counts an accepted connection, unless the limit is reached. The limit holds under concurrent calls too.</summary>
    public bool TryConnect(ClientRecord client, int mostActive)
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
            Journal.Append(ServerEventKind.Connected, client, text: client.CertificateSubject);
            return true;
        }
        catch
        {
            Interlocked.Decrement(ref _totalConnections);
            Interlocked.Decrement(ref _activeConnections);
            throw;
        }
    }

    public void HalfClosed(ClientRecord client) => Journal.Append(ServerEventKind.HalfClosed, client);

    /// <summary>Names what is called when so many connections have ended. Before the first is accepted.</summary>
    public void WhenEnded(int connections, Action action)
    {
        _connectionsLeft = connections;
        _onLastEnded = action;
    }

    /// <summary>Counts the end of a connection.</summary>
    /// <param name="client">The client.</param>
    /// <param name="reason">Why it ended.</param>
    /// <param name="fault">The fault that ended it; null for none.</param>
    public void Disconnected(ClientRecord client, ServerEventReason reason, string? fault = null)
    {
        Interlocked.Decrement(ref _activeConnections);
        Journal.Append(ServerEventKind.Disconnected, client, reason, fault, Clock.Since(client.StartedAt));
        if (_onLastEnded is not null && Interlocked.Decrement(ref _connectionsLeft) == 0)
        {
            _onLastEnded();
        }
    }

    public void Rejected(ClientRecord client, ServerEventReason reason)
    {
        Interlocked.Increment(ref _rejectedConnections);
        Journal.Append(ServerEventKind.Rejected, client, reason);
    }

    public void FaultStruck(ClientRecord client, string fault) => Journal.Append(ServerEventKind.FaultStruck, client, text: fault);

    public void Failed(ClientRecord? client, ServerEventReason reason, string what) =>
        Journal.Append(ServerEventKind.Error, client, reason, what);

    /// <summary>Reports a failure that concerns no client, where it can be reported: the caller could do nothing about that.</summary>
    public void TryReport(Exception exception) => TryReport(exception, null);

    /// <inheritdoc cref="TryReport(Exception)"/>
    /// <param name="exception">What failed.</param>
    /// <param name="client">The client that it concerns; null for none.</param>
    public void TryReport(Exception exception, ClientRecord? client) =>
        BestEffort.Run(() => Failed(client, ServerEventReason.Failure, exception.Message));

    /// <summary>Reports a Trace event of the responder in the journal.</summary>
    public void Trace(ClientRecord client, string text) => Journal.Append(
        ServerEventKind.Trace, client, text: text.Length <= MaxTraceLength ? text : text.Substring(0, MaxTraceLength) + "\u2026");

    /// <summary>Counts received bytes, framing included.</summary>
    public void AddBytesReceived(ClientRecord client, int count)
    {
        client.CountReceived(count);
        Interlocked.Add(ref _bytesReceived, count);
    }

    /// <summary>Counts bytes that the kernel accepted for sending.</summary>
    public void AddBytesSent(ClientRecord client, int count)
    {
        client.CountSent(count);
        Interlocked.Add(ref _bytesSent, count);
    }

    /// <summary>Counts a message, and reports it in the journal.</summary>
    /// <returns>Where the journal keeps its bytes; -1 where it does not.</returns>
    public long MessageReceived(ClientRecord client, byte[] buffer, int offset, int count)
    {
        client.CountMessage();
        return Journal.Append(ServerEventKind.MessageReceived, client, buffer, offset, count);
    }

    /// <summary>Reports a response in the journal.</summary>
    /// <param name="client">The client.</param>
    /// <param name="buffer">The buffer with the response.</param>
    /// <param name="offset">Where it begins, without its framing.</param>
    /// <param name="count">Its bytes.</param>
    /// <param name="journalOffset">Where the journal keeps the bytes of the message, where the response has the same; otherwise -1.</param>
    public void ResponseSent(ClientRecord client, byte[] buffer, int offset, int count, long journalOffset = -1) =>
        Journal.Append(ServerEventKind.ResponseSent, client, buffer, offset, count, journalOffset);
}
