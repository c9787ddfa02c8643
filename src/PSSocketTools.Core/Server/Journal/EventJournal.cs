using System.Diagnostics;
using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Journal;

/// <summary>
/// A server's events in a bounded ring. An event at rest is a row of numbers and a stretch of a byte ring: no object is
/// made for it until somebody reads it, and the bytes of a message become text only then.
/// </summary>
/// <remarks>Bounded twice: by events and by the bytes kept. What is overwritten is counted, never silently lost.</remarks>
internal sealed class EventJournal
{
    /// <summary>How many bytes of one message are kept unless told otherwise; its full count is kept beside them.</summary>
    public const int DefaultMessageBytes = 64 * 1024;

    /// <summary>How many bytes of messages are kept in all.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    // How far a log may fall behind, whatever readers asked for, before it holds the server up.
    private const int LogBacklog = 10000;

    // How many events the log gathers for one write, while the first of them waits no longer than the time below.
    private const int LogBatch = 1024;
    private const int LogGatherMilliseconds = 50;

    // How long the server waits for a log that takes nothing, before it goes on without.
    private static readonly TimeSpan LongestStall = TimeSpan.FromSeconds(2);

    private const int RowsInStretch = 256;

    // How many rows a reader looks at before it lets the server go on.
    private const int RowsAtOnce = 4096;

    private readonly object _gate = new();
    private readonly ServerFacts _server;
    private readonly int _capacity;
    private readonly int _messageBytes;

    // How many rows the ring has: one at least, to note what is counted alone.
    private readonly int _rows;
    private readonly Encoding _encoding;
    private readonly Clock _clock;
    private readonly long[] _counts = new long[(int)ServerEventKind.Stopped + 1];

    // The ring of rows in stretches, each made when it is first reached: one array would have to be copied to grow, while
    // the server waits.
    private readonly JournalRow[]?[] _stretches;
    private byte[] _bytes = [];

    // Sequences run from 1; the ring holds those in [_oldest, _next).
    private long _next = 1;
    private long _oldest = 1;

    // Positions in an endless stretch of bytes, of which the ring holds the last _bytes.Length.
    private long _byteEnd;
    private TaskCompletionSource<bool>? _news;
    private bool _ended;

    // The log's path, for the error that says it fell behind; null when there is no log.
    private readonly string? _logPath;

    // The first event the log has not taken; beyond all when there is no log, or none any more.
    private long _unlogged;

    // The log wakes when an event beyond this one is there; beyond all while it is at work.
    private long _logWakesAfter = long.MaxValue;

    // Whether there is a reason to write what there is at once: the end, or a server that waits for room.
    private bool _logIsDue;
    private bool _logEnds;
    private bool _logHangs;
    private TimeSpan _logPatience = LongestStall;
    private string? _lastError;

    /// <param name="server">The server.</param>
    /// <param name="capacity">How many events are held for readers.</param>
    /// <param name="encoding">The encoding of messages, of which every byte can be read: it does not throw.</param>
    /// <param name="clock">The time.</param>
    /// <param name="messageBytes">How many bytes of one message are kept, 0 to <see cref="MaxBytes"/>.</param>
    /// <param name="logPath">The path of the log that takes every event, which nothing is overwritten before; null for no log.</param>
    public EventJournal(ServerFacts server, int capacity, Encoding encoding, Clock clock, int messageBytes = DefaultMessageBytes, string? logPath = null)
    {
        _server = server;
        _messageBytes = messageBytes;
        _logPath = logPath;
        _capacity = logPath is null ? capacity : Math.Max(capacity, LogBacklog);
        _unlogged = logPath is null ? long.MaxValue : 1;
        _rows = Math.Max(_capacity, 1);
        _stretches = new JournalRow[(_rows + RowsInStretch - 1) / RowsInStretch][];
        _encoding = encoding;
        _clock = clock;
    }

    /// <summary>How many events the ring no longer holds.</summary>
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

    /// <summary>How many errors there have been, and the text of the last one; null before the first.</summary>
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

    /// <summary>What ended the log; null while it is written, and where there is none.</summary>
    public string? LogError { get; private set; }

    /// <summary>Notes an event without bytes.</summary>
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

    /// <summary>Notes a message or an answer.</summary>
    public void Append(ServerEventKind kind, ConnectionFacts connection, byte[] buffer, int offset, int count)
    {
        lock (_gate)
        {
            var kept = _capacity == 0 ? 0 : Math.Min(count, _messageBytes);
            ref var row = ref Claim(kind, connection, kept);
            row.Reason = ServerEventReason.None;
            row.Text = null;
            row.DurationTicks = -1;
            row.Bytes = count;
            if (kept > 0)
            {
                CopyIn(buffer, offset, kept, row.BytesAt);
            }

            Announce();
        }
    }

    /// <summary>For the log's thread: waits until there is something to write.</summary>
    /// <param name="next">The first event the log has not taken.</param>
    /// <returns>False when the log has to end: nothing more will come, or the server went on without it.</returns>
    public bool WaitToLog(long next)
    {
        lock (_gate)
        {
            while (_next <= next)
            {
                if (_logEnds || _unlogged == long.MaxValue)
                {
                    return false;
                }

                _logWakesAfter = next - 1;
                Monitor.Wait(_gate);
            }

            // One event seldom comes alone: a write for each would cost a system call and two switches of threads.
            var due = Stopwatch.GetTimestamp() + (LogGatherMilliseconds * Stopwatch.Frequency / 1000);
            while (_next < next + LogBatch && !_logIsDue && !_logEnds && MillisecondsUntil(due, Stopwatch.GetTimestamp()) is > 0 and var left)
            {
                _logWakesAfter = next + LogBatch - 2;
                Monitor.Wait(_gate, left);
            }

            _logWakesAfter = long.MaxValue;
            _logIsDue = false;
            return _unlogged != long.MaxValue;
        }
    }

    /// <summary>Copies some of the events from a sequence on, oldest first.</summary>
    /// <returns>The sequence to go on from.</returns>
    public long Copy(long from, JournalPiece piece) => Copy(from, long.MaxValue, int.MaxValue, default, piece);

    /// <summary>Says that the log has taken the events before a sequence.</summary>
    public void Logged(long next)
    {
        lock (_gate)
        {
            if (_unlogged != long.MaxValue)
            {
                _unlogged = next;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Goes on without the log, and says so in one event.</summary>
    public void LogFailed(string what)
    {
        lock (_gate)
        {
            GiveUpLog(what);
        }
    }

    /// <summary>The same, for a log that took nothing for too long.</summary>
    public void LogStalled(TimeSpan patience)
    {
        lock (_gate)
        {
            GiveUpStalledLog(patience);
        }
    }

    /// <summary>Lets the server wait for its log no longer than this at a time.</summary>
    public void HurryLog(TimeSpan patience)
    {
        lock (_gate)
        {
            _logPatience = patience;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Has the log write what there is, and end.</summary>
    /// <returns>False when it hangs and was given up: it may never end.</returns>
    public bool FinishLog()
    {
        lock (_gate)
        {
            _logEnds = true;
            Monitor.PulseAll(_gate);
            return !_logHangs;
        }
    }

    /// <summary>Says that nothing more will come, so that nobody waits for it.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            Announce();
        }
    }

    /// <summary>The events from a sequence on that the ring still holds, oldest first; not those noted while it reads.</summary>
    /// <param name="from">The first sequence wanted; 1 for all.</param>
    /// <param name="atMost">How many.</param>
    /// <param name="filter">Which.</param>
    /// <param name="next">The sequence to go on from.</param>
    /// <param name="piece">Room to read with, for who reads often; null for new.</param>
    /// <remarks>The lock is held for a copy of some rows at a time, and for no text: the server goes on between them.</remarks>
    public List<ServerEvent> Read(long from, int atMost, JournalFilter filter, out long next, JournalPiece? piece = null) =>
        Read(from, Next, atMost, filter, out next, piece ?? new JournalPiece());

    /// <summary>The last events that the ring holds, oldest first.</summary>
    /// <param name="count">How many, 1 or more.</param>
    /// <param name="filter">Which.</param>
    /// <param name="next">The sequence to go on from.</param>
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

                for (var stop = Math.Max(_oldest, from - RowsAtOnce); from > stop && found < count; from--)
                {
                    if (filter.Wants(ref Row(from - 1)))
                    {
                        found++;
                    }
                }
            }
        }

        return Read(from, end, int.MaxValue, filter, out next, new JournalPiece());
    }

    /// <summary>How many events of these kinds there have been, overwritten ones included.</summary>
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

    /// <summary>Ends when an event with this sequence or a later one is there, or with false when none will come.</summary>
    public async Task<bool> WhenReached(long sequence)
    {
        while (true)
        {
            Task news;
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

                _news ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                news = _news.Task;
            }

            await news.ConfigureAwait(false);
        }
    }

    private List<ServerEvent> Read(long from, long end, int atMost, JournalFilter filter, out long next, JournalPiece piece)
    {
        var events = new List<ServerEvent>();
        next = Math.Min(from, end);
        while (next < end && events.Count < atMost)
        {
            next = Copy(next, end, atMost - events.Count, filter, piece);
            for (var i = 0; i < piece.Count; i++)
            {
                events.Add(Materialize(piece, i));
            }
        }

        piece.Clear();
        return events;
    }

    /// <summary>Copies events that are wanted, as many as the piece has room for, of those that can be looked at in a moment.</summary>
    /// <returns>The sequence to go on from.</returns>
    private long Copy(long from, long end, int atMost, JournalFilter filter, JournalPiece piece)
    {
        piece.Clear();
        lock (_gate)
        {
            var sequence = Math.Min(Math.Max(from, _oldest), _next);
            for (var stop = Math.Min(Math.Min(end, _next), sequence + RowsAtOnce); sequence < stop && piece.Count < atMost; sequence++)
            {
                ref var row = ref Row(sequence);
                if (filter.Wants(ref row) && !piece.TryAdd(ref row, sequence, _bytes))
                {
                    break;
                }
            }

            return sequence;
        }
    }

    private ref JournalRow NewRow(long sequence)
    {
        var at = (int)(sequence % _rows);
        var stretch = _stretches[at / RowsInStretch] ??= new JournalRow[Math.Min(RowsInStretch, _rows)];
        return ref stretch[at % RowsInStretch];
    }

    private ref JournalRow Row(long sequence)
    {
        var at = (int)(sequence % _rows);
        return ref _stretches[at / RowsInStretch]![at % RowsInStretch];
    }

    private void AppendText(ServerEventKind kind, ConnectionFacts? connection, ServerEventReason reason, string? text, TimeSpan? duration = null)
    {
        ref var row = ref Claim(kind, connection, 0);
        row.Reason = reason;
        row.Text = text;
        row.DurationTicks = duration?.Ticks ?? -1;
        row.Bytes = -1;
        if (kind == ServerEventKind.Error)
        {
            _lastError = text;
        }

        Announce();
    }

    private ref JournalRow Claim(ServerEventKind kind, ConnectionFacts? connection, int bytes)
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

        ref var row = ref NewRow(sequence);
        row.UtcTicks = _clock.UtcTicks;
        row.Kind = kind;
        row.Connection = connection;
        row.BytesAt = _byteEnd;
        row.BytesKept = bytes;
        _byteEnd += bytes;
        return ref row;
    }

    /// <summary>Looks at both bounds anew after each step: while it waits for the log, others note events.</summary>
    private void MakeRoom(int bytes)
    {
        while (true)
        {
            if (_unlogged != long.MaxValue && _next - _unlogged >= LogBacklog)
            {
                // However much readers asked for: a process that is killed takes what is not in the log yet.
                AwaitLog();
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

    private long FirstByte() => _oldest == _next ? _byteEnd : Row(_oldest).BytesAt;

    private void DropOldest()
    {
        if (_oldest == _unlogged)
        {
            AwaitLog();
            return;
        }

        ref var row = ref Row(_oldest);
        row.Connection = null;
        row.Text = null;
        _oldest++;
    }

    /// <summary>
    /// A slow disk holds the server up here: what is not in the log yet is not given up while the log moves, and memory
    /// stays bounded. A log that does not move is given up.
    /// </summary>
    private void AwaitLog()
    {
        var waited = _unlogged;
        var began = Stopwatch.GetTimestamp();
        while (_unlogged == waited)
        {
            var gone = Clock.Between(began, Stopwatch.GetTimestamp());
            if (gone >= _logPatience)
            {
                GiveUpStalledLog(_logPatience);
                return;
            }

            if (!_logIsDue)
            {
                _logIsDue = true;
                Monitor.PulseAll(_gate);
            }

            Monitor.Wait(_gate, (int)(_logPatience - gone).TotalMilliseconds + 1);
        }
    }

    private void GiveUpStalledLog(TimeSpan patience)
    {
        _logHangs |= _unlogged != long.MaxValue;
        GiveUpLog(Messages.Get("LogStalled", _logPath, patience.TotalSeconds));
    }

    private void GiveUpLog(string what)
    {
        if (_unlogged != long.MaxValue)
        {
            // First of all: the event that says so needs room, which the log will not make any more.
            _unlogged = long.MaxValue;
            LogError = what;
            Monitor.PulseAll(_gate);
            AppendText(ServerEventKind.Error, null, ServerEventReason.LogFailed, what);
        }
    }

    private static int MillisecondsUntil(long due, long now) => (int)Math.Ceiling((due - now) * 1000.0 / Stopwatch.Frequency);

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

    private void CopyIn(byte[] buffer, int offset, int count, long at)
    {
        var to = (int)(at % _bytes.Length);
        var run = Math.Min(count, _bytes.Length - to);
        Buffer.BlockCopy(buffer, offset, _bytes, to, run);
        if (run < count)
        {
            Buffer.BlockCopy(buffer, offset + run, _bytes, 0, count - run);
        }
    }

    private ServerEvent Materialize(JournalPiece piece, int index)
    {
        ref var row = ref piece[index];
        return new ServerEvent(
            new DateTimeOffset(row.UtcTicks, TimeSpan.Zero),
            piece.SequenceOf(index),
            _server,
            row.Connection?.Id,
            row.Kind,
            row.Connection is { RemoteAddress.Length: > 0 } ? row.Connection.RemoteAddress : null,
            row.Connection is { RemotePort: > 0 } connection ? connection.RemotePort : null,
            row.Bytes < 0 ? row.Text
                : row.IsTruncated ? _encoding.ToTextUpToCut(piece.Bytes, (int)row.BytesAt, row.BytesKept)
                : _encoding.ToText(piece.Bytes, (int)row.BytesAt, row.BytesKept),
            piece.ContentOf(index),
            row.IsTruncated,
            row.Bytes >= 0 ? row.Bytes : null,
            row.Reason,
            row.DurationMilliseconds);
    }

    private void Announce()
    {
        if (_news is { } news)
        {
            _news = null;
            news.SetResult(true);
        }
    }
}
