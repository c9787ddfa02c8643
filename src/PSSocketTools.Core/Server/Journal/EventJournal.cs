using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Journal;

/// <summary>
/// A server's events, the latest of which a ring holds, bounded by events and by the bytes kept. The object for an event is made when
/// it is read, and the bytes of a message are decoded only then.
/// </summary>
/// <remarks>Overwritten events are counted.</remarks>
internal sealed partial class EventJournal
{
    /// <summary>The default for how many bytes of one message are kept; its full count is kept beside them.</summary>
    public const int DefaultMessageBytes = 64 * 1024;

    private readonly object _gate = new();
    private readonly ServerIdentity _server;
    private readonly JournalRing _ring;
    private readonly bool _keepsMessages;
    private readonly int _messageBytes;
    private readonly Encoding _encoding;
    private readonly Clock _clock;
    private readonly long[] _counts = new long[(int)ServerEventKind.Stopped + 1];

    // The log's path, for the error that says it fell behind; null when there is no log.
    private readonly string? _logPath;
    private TaskCompletionSource<bool>? _nextEvent;
    private bool _ended;
    private string? _lastError;

    /// <param name="server">The server.</param>
    /// <param name="capacity">How many events are kept for readers.</param>
    /// <param name="encoding">The encoding of messages, which must not throw on invalid bytes.</param>
    /// <param name="clock">The clock that timestamps events.</param>
    /// <param name="messageBytes">How many bytes of one message are kept, 0 to <see cref="JournalRing.MaxBytes"/>.</param>
    /// <param name="logPath">The path of the log, which gets every event before it is overwritten; null for no log.</param>
    public EventJournal(ServerIdentity server, int capacity, Encoding encoding, Clock clock, int messageBytes = DefaultMessageBytes, string? logPath = null)
    {
        _server = server;
        _messageBytes = messageBytes;
        _encoding = encoding;
        _clock = clock;
        _logPath = logPath;
        capacity = logPath is null ? capacity : Math.Max(capacity, LogBacklog.MaxEvents);
        _keepsMessages = capacity > 0;
        _ring = new JournalRing(capacity);
        Backlog = new LogBacklog(_gate, _ring, logPath is not null);
    }

    /// <summary>What its log has not written yet.</summary>
    public LogBacklog Backlog { get; }

    /// <summary>How many events were overwritten.</summary>
    public long Dropped
    {
        get
        {
            lock (_gate)
            {
                return _ring.Oldest - 1;
            }
        }
    }

    /// <summary>The sequence the next event will have.</summary>
    public long Next
    {
        get
        {
            lock (_gate)
            {
                return _ring.Next;
            }
        }
    }

    /// <summary>The number of errors, and the text of the last one; null before the first.</summary>
    public (long Count, string? Last) Errors
    {
        get
        {
            lock (_gate)
            {
                return (_counts[(int)ServerEventKind.Error], _lastError);
            }
        }
    }

    /// <summary>Why the log ended; null while it is written, and without a log.</summary>
    public string? LogError { get; private set; }

    /// <summary>Appends an event without a message.</summary>
    public void Append(
        ServerEventKind kind,
        ClientRecord? client = null,
        ServerEventReason reason = ServerEventReason.None,
        string? text = null,
        TimeSpan? duration = null)
    {
        lock (_gate)
        {
            ref var row = ref AddRow(kind, client, 0);
            row.Reason = reason;
            row.Text = text;
            row.DurationTicks = duration?.Ticks ?? -1;
            row.Bytes = -1;
            if (kind == ServerEventKind.Error)
            {
                _lastError = text;
            }

            SignalWaiters();
        }
    }

    /// <summary>Appends a message received or a response sent.</summary>
    /// <param name="kind">Which of the two.</param>
    /// <param name="client">The client.</param>
    /// <param name="buffer">The buffer with the message.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="count">Its bytes.</param>
    /// <param name="same">What this returned for an earlier message with the same bytes, which then are not copied again; -1 for none.</param>
    /// <returns>Where the bytes are kept; -1 when they are not.</returns>
    public long Append(ServerEventKind kind, ClientRecord client, byte[] buffer, int offset, int count, long same = -1)
    {
        lock (_gate)
        {
            var kept = _keepsMessages ? Math.Min(count, _messageBytes) : 0;
            var isSame = false;
            if (same >= 0 && kept > 0)
            {
                MakeRoom(0);
                isSame = _ring.CanRefer(same);
            }

            ref var row = ref AddRow(kind, client, isSame ? 0 : kept);
            row.Reason = ServerEventReason.None;
            row.Text = null;
            row.DurationTicks = -1;
            row.Bytes = count;
            if (isSame)
            {
                _ring.Refer(ref row, same, kept);
            }
            else if (kept > 0)
            {
                _ring.SetBytes(row, buffer, offset);
            }

            SignalWaiters();
            return kept > 0 ? row.BytesOffset : -1;
        }
    }

    /// <summary>Abandons the log after an error, and appends one event that says so.</summary>
    public void LogFailed(string what) => AbandonLog(what, hasStalled: false);

    /// <summary>Abandons a log that wrote nothing for too long, and appends one event that says so.</summary>
    public void LogStalled(TimeSpan limit) => AbandonLog(Messages.Get("LogStalled", _logPath, limit.TotalSeconds), hasStalled: true);

    /// <summary>Ends the journal: pending waits complete, since no more events will follow.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            SignalWaiters();
        }
    }

    private ref JournalRow AddRow(ServerEventKind kind, ClientRecord? client, int bytes)
    {
        MakeRoom(bytes);
        _counts[(int)kind]++;
        Backlog.Added(_ring.Next);
        ref var row = ref _ring.Add(bytes);
        row.UtcTicks = _clock.UtcTicks;
        row.Kind = kind;
        row.Client = client;
        return ref row;
    }

    /// <summary>
    /// Drops the oldest events until there is room for another, but none that the log still needs. Both bounds are checked again after
    /// each step: while this waits for the log, other threads append events.
    /// </summary>
    private void MakeRoom(int bytes)
    {
        while (true)
        {
            if (Backlog.IsFull)
            {
                WaitForLog();
            }
            else if (_ring.HasRoomFor(bytes))
            {
                return;
            }
            else if (Backlog.Needs(_ring.Oldest))
            {
                WaitForLog();
            }
            else
            {
                _ring.DropOldest();
            }
        }
    }

    private void WaitForLog()
    {
        if (!Backlog.WaitForLog())
        {
            LogStalled(Backlog.StallLimit);
        }
    }

    private void AbandonLog(string what, bool hasStalled)
    {
        lock (_gate)
        {
            // This comes first: the event below needs room, and must not wait for the abandoned log to make it.
            if (Backlog.TryAbandon(hasStalled))
            {
                LogError = what;
                Append(ServerEventKind.Error, reason: ServerEventReason.LogFailed, text: what);
            }
        }
    }

    private void SignalWaiters()
    {
        if (_nextEvent is { } signal)
        {
            _nextEvent = null;
            signal.SetResult(true);
        }
    }
}
