namespace PSSocketTools.Server.Journal;

/// <summary>
/// A bounded ring of rows, and one of the bytes they keep: an event becomes a row of numbers and a range of bytes, so that
/// storing it allocates nothing. The owner's lock guards it.
/// </summary>
internal sealed class JournalRing
{
    /// <summary>How many bytes of messages are kept in all.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private const int FirstBytes = 16 * 1024;

    // How far back from the end a row may refer to bytes: they stay in the ring so much longer than the row they were stored for.
    private const int MaxReach = 128 * 1024;
    private const int RowsPerSegment = 256;

    private readonly bool _keepsRows;

    // How many rows the ring has: at least one, because an event that is only counted needs a row too.
    private readonly int _rows;

    // The ring of rows in segments, each allocated when it is first reached: a single array would have to be copied to grow,
    // while the server waits.
    private readonly JournalRow[]?[] _segments;

    // A position in the endless stream of bytes, of which the ring holds the last Bytes.Length.
    private long _byteEnd;

    // How far back rows have referred to bytes.
    private int _reach;

    /// <param name="capacity">How many rows are kept; with 0 a row lasts until the next one.</param>
    public JournalRing(int capacity)
    {
        _keepsRows = capacity > 0;
        _rows = Math.Max(capacity, 1);
        _segments = new JournalRow[(_rows + RowsPerSegment - 1) / RowsPerSegment][];
    }

    /// <summary>The sequence the next row will have; sequences run from 1.</summary>
    public long Next { get; private set; } = 1;

    /// <summary>The oldest sequence that the ring holds; <see cref="Next"/> when it holds none.</summary>
    public long Oldest { get; private set; } = 1;

    /// <summary>The ring of bytes: a row's begin at its offset modulo the length.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>The row of a sequence that the ring holds.</summary>
    public ref JournalRow this[long sequence]
    {
        get
        {
            var at = (int)(sequence % _rows);
            return ref _segments[at / RowsPerSegment]![at % RowsPerSegment];
        }
    }

    /// <summary>Whether there is room for another row that keeps so many bytes; otherwise the oldest has to be dropped.</summary>
    public bool HasRoomFor(int bytes)
    {
        if (Next - Oldest == _rows)
        {
            return false;
        }

        if (bytes == 0 || bytes <= FreeBytes)
        {
            return true;
        }

        if (Bytes.Length == MaxBytes)
        {
            return false;
        }

        GrowBytes(bytes);
        return bytes <= FreeBytes;
    }

    /// <summary>Adds a row where there is room for it. What it had before is left in it, apart from where its bytes are.</summary>
    /// <param name="bytes">How many bytes it keeps.</param>
    public ref JournalRow Add(int bytes)
    {
        var at = (int)(Next++ % _rows);
        var segment = _segments[at / RowsPerSegment] ??= new JournalRow[Math.Min(RowsPerSegment, _rows)];
        ref var row = ref segment[at % RowsPerSegment];
        row.BytesOffset = _byteEnd;
        row.BytesKept = bytes;
        _byteEnd += bytes;
        row.BytesEnd = _byteEnd;
        if (!_keepsRows)
        {
            Oldest = Next;
        }

        return ref row;
    }

    /// <summary>Whether a row that is added now can refer to bytes that an earlier one has stored, so that they need not be copied.</summary>
    /// <param name="offset">Where they begin.</param>
    public bool CanRefer(long offset) => Oldest < Next && offset >= FirstByte && offset >= _byteEnd - MaxReach;

    /// <summary>Has a row that was just added, without bytes of its own, refer to those of an earlier one.</summary>
    public void Refer(ref JournalRow row, long offset, int bytes)
    {
        row.BytesOffset = offset;
        row.BytesKept = bytes;
        _reach = Math.Max(_reach, (int)(_byteEnd - offset));
    }

    /// <summary>Drops the oldest row, and releases what it refers to.</summary>
    public void DropOldest()
    {
        ref var row = ref this[Oldest];
        row.Client = null;
        row.Text = null;
        Oldest++;
    }

    /// <summary>Stores the bytes that a row keeps.</summary>
    public void SetBytes(in JournalRow row, byte[] buffer, int offset)
    {
        var to = (int)(row.BytesOffset % Bytes.Length);
        var run = Math.Min(row.BytesKept, Bytes.Length - to);
        Buffer.BlockCopy(buffer, offset, Bytes, to, run);
        if (run < row.BytesKept)
        {
            Buffer.BlockCopy(buffer, offset + run, Bytes, 0, row.BytesKept - run);
        }
    }

    // Where the bytes that the rows have stored begin.
    private long FirstByte
    {
        get
        {
            if (Oldest == Next)
            {
                return _byteEnd;
            }

            // One that stores bytes refers to no others.
            ref var row = ref this[Oldest];
            return row.BytesOffset + row.BytesKept == row.BytesEnd ? row.BytesOffset : row.BytesEnd;
        }
    }

    // Where the bytes begin that rows may refer to.
    private long FirstReached => Oldest == Next ? _byteEnd : Math.Max(FirstByte - _reach, Math.Max(0, _byteEnd - Bytes.Length));

    private long FreeBytes => Bytes.Length - (_byteEnd - FirstReached);

    private void GrowBytes(int needed)
    {
        var first = FirstReached;
        var held = (int)(_byteEnd - first);
        var size = Math.Max(Bytes.Length, FirstBytes);
        while (size < held + needed && size < MaxBytes)
        {
            size *= 2;
        }

        var grown = new byte[size];
        for (var at = first; at < _byteEnd;)
        {
            var from = (int)(at % Bytes.Length);
            var to = (int)(at % size);
            var run = (int)Math.Min(_byteEnd - at, Math.Min(Bytes.Length - from, size - to));
            Buffer.BlockCopy(Bytes, from, grown, to, run);
            at += run;
        }

        Bytes = grown;
    }
}
