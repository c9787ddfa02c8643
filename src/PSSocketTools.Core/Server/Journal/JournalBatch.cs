using System.Text;
using PSSocketTools.Net;

namespace PSSocketTools.Server.Journal;

/// <summary>
/// A copy of some rows of a journal and their bytes, made under the lock, so that text is decoded from it without blocking
/// the server.
/// </summary>
internal sealed class JournalBatch
{
    private const int MaxRows = 256;
    private const int MaxBytes = 128 * 1024;

    private readonly JournalRow[] _rows = new JournalRow[MaxRows];
    private readonly long[] _sequences = new long[MaxRows];
    private byte[] _bytes = [];
    private int _bytesUsed;

    public int Count { get; private set; }

    /// <summary>The bytes that the rows' BytesOffset refers to.</summary>
    public byte[] Bytes => _bytes;

    public ref JournalRow this[int index] => ref _rows[index];

    /// <summary>The sequence of a row's event in its journal.</summary>
    public long SequenceOf(int index) => _sequences[index];

    /// <summary>The event of a row.</summary>
    /// <param name="index">The row.</param>
    /// <param name="server">The server.</param>
    /// <param name="encoding">The encoding of messages.</param>
    public ServerEvent ToEvent(int index, ServerIdentity server, Encoding encoding)
    {
        ref var row = ref _rows[index];
        if (!row.HasMessage)
        {
            return new ServerEvent(row, SequenceOf(index), server, row.Sentence, null);
        }

        var offset = (int)row.BytesOffset;
        var content = new byte[row.BytesKept];
        Buffer.BlockCopy(_bytes, offset, content, 0, content.Length);
        var text = row.IsTruncated ? encoding.ToTextUpToCut(_bytes, offset, row.BytesKept) : encoding.ToText(_bytes, offset, row.BytesKept);
        return new ServerEvent(row, SequenceOf(index), server, text, content);
    }

    /// <summary>Removes the rows, and releases what they refer to.</summary>
    public void Clear()
    {
        Array.Clear(_rows, 0, Count);
        Count = 0;
        _bytesUsed = 0;
    }

    /// <summary>Copies a row; false when there is no room for it. The first row always fits.</summary>
    /// <param name="row">The row.</param>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="ring">The ring that holds its bytes.</param>
    public bool TryAdd(ref JournalRow row, long sequence, byte[] ring)
    {
        var count = row.BytesKept;
        if (Count == MaxRows || (Count > 0 && _bytesUsed + count > MaxBytes))
        {
            return false;
        }

        if (_bytesUsed + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytesUsed + count, Math.Min(MaxBytes, Math.Max(_bytes.Length * 2, 4096))));
        }

        if (count > 0)
        {
            var from = (int)(row.BytesOffset % ring.Length);
            var run = Math.Min(count, ring.Length - from);
            Buffer.BlockCopy(ring, from, _bytes, _bytesUsed, run);
            Buffer.BlockCopy(ring, 0, _bytes, _bytesUsed + run, count - run);
        }

        _sequences[Count] = sequence;
        ref var copy = ref _rows[Count++];
        copy = row;
        copy.BytesOffset = _bytesUsed;
        _bytesUsed += count;
        return true;
    }
}
