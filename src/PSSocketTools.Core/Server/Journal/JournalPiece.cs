namespace PSSocketTools.Server.Journal;

/// <summary>
/// Some rows of a journal and their bytes, copied while its lock is held for a moment, so that text is made of them
/// while the server goes on.
/// </summary>
internal sealed class JournalPiece
{
    private const int MostRows = 256;
    private const int MostBytes = 128 * 1024;

    private readonly JournalRow[] _rows = new JournalRow[MostRows];
    private readonly long[] _sequences = new long[MostRows];
    private byte[] _bytes = [];
    private int _bytesUsed;

    /// <summary>How many rows it has.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes the rows' BytesAt point into.</summary>
    public byte[] Bytes => _bytes;

    /// <summary>A row, from 0 on.</summary>
    public ref JournalRow this[int index] => ref _rows[index];

    /// <summary>A row's number in its journal.</summary>
    public long SequenceOf(int index) => _sequences[index];

    /// <summary>A copy of the bytes kept of a row's message; null for an event without one.</summary>
    public byte[]? ContentOf(int index)
    {
        ref var row = ref _rows[index];
        if (row.Bytes < 0)
        {
            return null;
        }

        var content = new byte[row.BytesKept];
        Buffer.BlockCopy(_bytes, (int)row.BytesAt, content, 0, content.Length);
        return content;
    }

    /// <summary>Forgets the rows and what they refer to.</summary>
    public void Clear()
    {
        Array.Clear(_rows, 0, Count);
        Count = 0;
        _bytesUsed = 0;
    }

    /// <summary>Takes a row over; false when it has no room for it. A row alone always fits.</summary>
    /// <param name="row">The row.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="ring">The ring its bytes are in.</param>
    public bool TryAdd(ref JournalRow row, long sequence, byte[] ring)
    {
        var count = row.BytesKept;
        if (Count == MostRows || (Count > 0 && _bytesUsed + count > MostBytes))
        {
            return false;
        }

        if (_bytesUsed + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytesUsed + count, Math.Min(MostBytes, Math.Max(_bytes.Length * 2, 4096))));
        }

        if (count > 0)
        {
            var from = (int)(row.BytesAt % ring.Length);
            var run = Math.Min(count, ring.Length - from);
            Buffer.BlockCopy(ring, from, _bytes, _bytesUsed, run);
            Buffer.BlockCopy(ring, 0, _bytes, _bytesUsed + run, count - run);
        }

        _sequences[Count] = sequence;
        ref var copy = ref _rows[Count++];
        copy = row;
        copy.BytesAt = _bytesUsed;
        _bytesUsed += count;
        return true;
    }
}
