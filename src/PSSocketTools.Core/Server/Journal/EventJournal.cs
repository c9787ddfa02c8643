using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Journal;

/// <summary>
/// A server's events in a bounded ring. A stored event is a row of numbers and a range of a byte ring: the object for it is made
/// when it is read, and the bytes of a message are decoded only then.
/// </summary>
/// <remarks>The ring is bounded by events and by the bytes kept. Overwritten events are counted.</remarks>
internal sealed class EventJournal
{
    /// <summary>The default for how many bytes of one message are kept; its full count is kept beside them.</summary>
    public const int DefaultMessageBytes = 64 * 1024;

    /// <summary>How many bytes of messages are kept in all.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    // How many events the log may fall behind, whatever the capacity, before appending an event blocks.
    private const int LogBacklog = 10000;

    // How many events the log gathers for one write, for which the first of them waits at most the time below.
    private const int LogBatch = 1024;
    private const int LogGatherMilliseconds = 50;

    // How long the server waits for a log that writes nothing before it continues without the log.
    private static readonly TimeSpan DefaultLogStallLimit = TimeSpan.FromSeconds(2);

    private const int RowsPerSegment = 256;

    // How many rows a reader examines before it releases the lock, so that the server can append.
    private const int MaxRowsPerLock = 4096;

    private readonly object _gate = new();
    private readonly ServerFacts _server;
    private readonly int _capacity;
    private readonly int _messageBytes;

    // How many rows the ring has: at least one, because an event that is only counted needs a row too.
    private readonly int _rows;
    private readonly Encoding _encoding;
    private readonly Clock _clock;
    private readonly long[] _counts = new long[(int)ServerEventKind.Stopped + 1];

    // The ring of rows in segments, each allocated when it is first reached: a single array would have to be copied to grow,
    // while the server waits.
    private readonly JournalRow[]?[] _segments;
    private byte[] _bytes = [];

    // Sequences run from 1; the ring holds those in [_oldest, _next).
    private long _next = 1;
    private long _oldest = 1;

    // A position in the endless stream of bytes, of which the ring holds the last _bytes.Length.
    private long _byteEnd;
    private TaskCompletionSource<bool>? _nextEvent;
    private bool _ended;

    // The log's path, for the error that says it fell behind; null when there is no log.
    private readonly string? _logPath;

    // The first event that the log has not written; long.MaxValue when there is no log, or it was abandoned.
    private long _firstUnlogged;

    // The log's thread is woken by an event after this one; long.MaxValue while the thread is writing.
    private long _logWakesAfter = long.MaxValue;

    // Whether the log should write at once, because the server waits for room.
    private bool _isLogFlushDue;
    private bool _isLogEnding;
    private bool _hasLogStalled;
    private TimeSpan _logStallLimit = DefaultLogStallLimit;
    private string? _lastError;

    /// <param name="server">The server.</param>
    /// <param name="capacity">How many events are kept for readers.</param>
    /// <param name="encoding">The encoding of messages, which must not throw on invalid bytes.</param>
    /// <param name="clock">The clock that timestamps events.</param>
    /// <param name="messageBytes">How many bytes of one message are kept, 0 to <see cref="MaxBytes"/>.</param>
    /// <param name="logPath">The path of the log, which gets every event before it is overwritten; null for no log.</param>
    public EventJournal(ServerFacts server, int capacity, Encoding encoding, Clock clock, int messageBytes = DefaultMessageBytes, string? logPath = null)
    {
        _server = server;
        _messageBytes = messageBytes;
        _logPath = logPath;
        _capacity = logPath is null ? capacity : Math.Max(capacity, LogBacklog);
        _firstUnlogged = logPath is null ? long.MaxValue : 1;
        _rows = Math.Max(_capacity, 1);
        _segments = new JournalRow[(_rows + RowsPerSegment - 1) / RowsPerSegment][];
        _encoding = encoding;
        _clock = clock;
    }

    /// <summary>How many events were overwritten.</summary>
    public long Dropped
    {
        get
        {
            lock (_gate)
            {
                return _oldest - 1;
            }
        }
    }

    /// <summary>The sequence the next event will have.</summary>
    private long Next
    {
        get
        {
            lock (_gate)
            {
                return _next;
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
        ConnectionFacts? connection = null,
        ServerEventReason reason = ServerEventReason.None,
        string? text = null,
        TimeSpan? duration = null)
    {
        lock (_gate)
        {
            AppendText(kind, connection, reason, text, duration);
        }
    }

    /// <summary>Appends a message received or a response sent.</summary>
    public void Append(ServerEventKind kind, ConnectionFacts connection, byte[] buffer, int offset, int count)
    {
        lock (_gate)
        {
            var kept = _capacity == 0 ? 0 : Math.Min(count, _messageBytes);
            ref var row = ref AddRow(kind, connection, kept);
            row.Reason = ServerEventReason.None;
            row.Text = null;
            row.DurationTicks = -1;
            row.Bytes = count;
            if (kept > 0)
            {
                CopyBytes(buffer, offset, kept, row.BytesOffset);
            }

            SignalWaiters();
        }
    }

    /// <summary>Blocks the log's thread until there are events to write.</summary>
    /// <param name="next">The first event that the log has not written.</param>
    /// <returns>False when the log has to end: no events will follow, or the log was abandoned.</returns>
    public bool WaitForEventsToLog(long next)
    {
        lock (_gate)
        {
            while (_next <= next)
            {
                if (_isLogEnding || _firstUnlogged == long.MaxValue)
                {
                    return false;
                }

                _logWakesAfter = next - 1;
                Monitor.Wait(_gate);
            }

            // Events come in bursts, and a write for each would cost a system call and two thread switches.
            var deadline = Deadline.AfterMilliseconds(LogGatherMilliseconds);
            while (_next < next + LogBatch && !_isLogFlushDue && !_isLogEnding && deadline.Milliseconds is > 0 and var left)
            {
                _logWakesAfter = next + LogBatch - 2;
                Monitor.Wait(_gate, left);
            }

            _logWakesAfter = long.MaxValue;
            _isLogFlushDue = false;
            return _firstUnlogged != long.MaxValue;
        }
    }

    /// <summary>Copies events from a sequence on, oldest first, as many as the batch has room for.</summary>
    /// <returns>The sequence to continue from.</returns>
    public long Copy(long from, JournalBatch batch) => Copy(from, long.MaxValue, int.MaxValue, default, batch);

    /// <summary>Records that the log has written all events before a sequence.</summary>
    public void MarkLogged(long next)
    {
        lock (_gate)
        {
            if (_firstUnlogged != long.MaxValue)
            {
                _firstUnlogged = next;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Abandons the log after an error, and appends one event that says so.</summary>
    public void LogFailed(string what)
    {
        lock (_gate)
        {
            AbandonLog(what);
        }
    }

    /// <summary>Abandons a log that wrote nothing for too long.</summary>
    public void LogStalled(TimeSpan limit)
    {
        lock (_gate)
        {
            AbandonStalledLog(limit);
        }
    }

    /// <summary>Sets how long the server waits for a log that writes nothing.</summary>
    public void LimitLogStall(TimeSpan limit)
    {
        lock (_gate)
        {
            _logStallLimit = limit;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Makes the log write the remaining events and end.</summary>
    /// <returns>False when the log stalled and was abandoned: its thread may never end.</returns>
    public bool FinishLog()
    {
        lock (_gate)
        {
            _isLogEnding = true;
            Monitor.PulseAll(_gate);
            return !_hasLogStalled;
        }
    }

    /// <summary>Ends the journal: pending waits complete, since no more events will follow.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            SignalWaiters();
        }
    }

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
    public List<ServerEvent> ReadLast(int count, JournalFilter filter, out long next)
    {
        var end = Next;
        var from = end;
        for (var found = 0; found < count;)
        {
            lock (_gate)
            {
                if (from <= _oldest)
                {
                    break;
                }

                for (var stop = Math.Max(_oldest, from - MaxRowsPerLock); from > stop && found < count; from--)
                {
                    if (filter.Matches(ref Row(from - 1)))
                    {
                        found++;
                    }
                }
            }
        }

        return Read(from, end, int.MaxValue, filter, out next, new JournalBatch());
    }

    /// <summary>How many events of these kinds were appended, overwritten ones included.</summary>
    /// <param name="kinds">The kinds counted.</param>
    /// <param name="next">The sequence the next event will have.</param>
    public long CountOf(IReadOnlyCollection<ServerEventKind> kinds, out long next)
    {
        lock (_gate)
        {
            next = _next;
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
                if (_next > sequence)
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

    private List<ServerEvent> Read(long from, long end, int atMost, JournalFilter filter, out long next, JournalBatch batch)
    {
        var events = new List<ServerEvent>();
        next = Math.Min(from, end);
        while (next < end && events.Count < atMost)
        {
            next = Copy(next, end, atMost - events.Count, filter, batch);
            for (var i = 0; i < batch.Count; i++)
            {
                events.Add(Materialize(batch, i));
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
            var sequence = Math.Min(Math.Max(from, _oldest), _next);
            for (var stop = Math.Min(Math.Min(end, _next), sequence + MaxRowsPerLock); sequence < stop && batch.Count < atMost; sequence++)
            {
                ref var row = ref Row(sequence);
                if (filter.Matches(ref row) && !batch.TryAdd(ref row, sequence, _bytes))
                {
                    break;
                }
            }

            return sequence;
        }
    }

    private ref JournalRow GetOrAddRow(long sequence)
    {
        var at = (int)(sequence % _rows);
        var segment = _segments[at / RowsPerSegment] ??= new JournalRow[Math.Min(RowsPerSegment, _rows)];
        return ref segment[at % RowsPerSegment];
    }

    private ref JournalRow Row(long sequence)
    {
        var at = (int)(sequence % _rows);
        return ref _segments[at / RowsPerSegment]![at % RowsPerSegment];
    }

    private void AppendText(ServerEventKind kind, ConnectionFacts? connection, ServerEventReason reason, string? text, TimeSpan? duration = null)
    {
        ref var row = ref AddRow(kind, connection, 0);
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

    private ref JournalRow AddRow(ServerEventKind kind, ConnectionFacts? connection, int bytes)
    {
        MakeRoom(bytes);
        var sequence = _next++;
        _counts[(int)kind]++;
        if (sequence > _logWakesAfter)
        {
            _logWakesAfter = long.MaxValue;
            Monitor.PulseAll(_gate);
        }

        if (_capacity == 0)
        {
            _oldest = _next;
        }

        ref var row = ref GetOrAddRow(sequence);
        row.UtcTicks = _clock.UtcTicks;
        row.Kind = kind;
        row.Connection = connection;
        row.BytesOffset = _byteEnd;
        row.BytesKept = bytes;
        _byteEnd += bytes;
        return ref row;
    }

    /// <summary>Checks both bounds again after each step: while this waits for the log, other threads append events.</summary>
    private void MakeRoom(int bytes)
    {
        while (true)
        {
            if (_firstUnlogged != long.MaxValue && _next - _firstUnlogged >= LogBacklog)
            {
                // Whatever the capacity: events that are not in the log yet are lost when the process is killed.
                WaitForLog();
            }
            else if (_next - _oldest == _rows)
            {
                DropOldest();
            }
            else if (bytes > 0 && _byteEnd + bytes - FirstByte() > _bytes.Length)
            {
                if (_bytes.Length < MaxBytes)
                {
                    GrowBytes(bytes);
                }
                else
                {
                    DropOldest();
                }
            }
            else
            {
                return;
            }
        }
    }

    private long FirstByte() => _oldest == _next ? _byteEnd : Row(_oldest).BytesOffset;

    private void DropOldest()
    {
        if (_oldest == _firstUnlogged)
        {
            WaitForLog();
            return;
        }

        ref var row = ref Row(_oldest);
        row.Connection = null;
        row.Text = null;
        _oldest++;
    }

    /// <summary>
    /// Blocks the server on a slow disk: events are not dropped before they are in the log, and memory stays bounded. A log that
    /// writes nothing for too long is abandoned.
    /// </summary>
    private void WaitForLog()
    {
        var firstUnlogged = _firstUnlogged;
        var startedAt = Clock.System.Timestamp;
        while (_firstUnlogged == firstUnlogged)
        {
            // The limit may change while this waits.
            var deadline = Deadline.After(startedAt, _logStallLimit);
            if (deadline.HasPassed)
            {
                AbandonStalledLog(_logStallLimit);
                return;
            }

            if (!_isLogFlushDue)
            {
                _isLogFlushDue = true;
                Monitor.PulseAll(_gate);
            }

            Monitor.Wait(_gate, deadline.Milliseconds);
        }
    }

    private void AbandonStalledLog(TimeSpan limit)
    {
        _hasLogStalled |= _firstUnlogged != long.MaxValue;
        AbandonLog(Messages.Get("LogStalled", _logPath, limit.TotalSeconds));
    }

    private void AbandonLog(string what)
    {
        if (_firstUnlogged != long.MaxValue)
        {
            // This comes first: the event below needs room, and must not wait for the abandoned log to make it.
            _firstUnlogged = long.MaxValue;
            LogError = what;
            Monitor.PulseAll(_gate);
            AppendText(ServerEventKind.Error, null, ServerEventReason.LogFailed, what);
        }
    }

    private void GrowBytes(int needed)
    {
        var first = FirstByte();
        var held = (int)(_byteEnd - first);
        var size = Math.Max(_bytes.Length, 16 * 1024);
        while (size < held + needed && size < MaxBytes)
        {
            size *= 2;
        }

        if (size == _bytes.Length)
        {
            size = Math.Min(size * 2, MaxBytes);
        }

        var grown = new byte[size];
        for (long at = first; at < _byteEnd;)
        {
            var from = (int)(at % _bytes.Length);
            var to = (int)(at % size);
            var run = (int)Math.Min(_byteEnd - at, Math.Min(_bytes.Length - from, size - to));
            Buffer.BlockCopy(_bytes, from, grown, to, run);
            at += run;
        }

        _bytes = grown;
    }

    private void CopyBytes(byte[] buffer, int offset, int count, long at)
    {
        var to = (int)(at % _bytes.Length);
        var run = Math.Min(count, _bytes.Length - to);
        Buffer.BlockCopy(buffer, offset, _bytes, to, run);
        if (run < count)
        {
            Buffer.BlockCopy(buffer, offset + run, _bytes, 0, count - run);
        }
    }

    private ServerEvent Materialize(JournalBatch batch, int index)
    {
        ref var row = ref batch[index];
        return new ServerEvent(
            new DateTimeOffset(row.UtcTicks, TimeSpan.Zero),
            batch.SequenceOf(index),
            _server,
            row.Connection?.Id,
            row.Kind,
            row.Connection is { RemoteAddress.Length: > 0 } ? row.Connection.RemoteAddress : null,
            row.Connection is { RemotePort: > 0 } connection ? connection.RemotePort : null,
            row.Bytes < 0 ? row.Text
                : row.IsTruncated ? _encoding.ToTextUpToCut(batch.Bytes, (int)row.BytesOffset, row.BytesKept)
                : _encoding.ToText(batch.Bytes, (int)row.BytesOffset, row.BytesKept),
            batch.ContentOf(index),
            row.IsTruncated,
            row.Bytes >= 0 ? row.Bytes : null,
            row.Reason,
            row.DurationMilliseconds);
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
