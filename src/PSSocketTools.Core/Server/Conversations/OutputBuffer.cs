using PSSocketTools.Framing;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Conversations;

/// <summary>Messages to send, one after the other in a pooled buffer, and the position of each.</summary>
/// <param name="writer">Frames them.</param>
/// <param name="carriesEmpty">Whether a message without content or framing counts, as it does in a datagram of its own.</param>
internal sealed class OutputBuffer(FrameWriter writer, bool carriesEmpty = false) : IDisposable
{
    private const int InitialLength = 4096;

    private byte[] _buffer = [];

    /// <summary>How many bytes are in the buffer, framing included.</summary>
    public int Count { get; private set; }

    public byte[] Buffer => _buffer;

    /// <summary>The messages without their framing.</summary>
    public List<BufferedMessage> Messages { get; } = [];

    /// <summary>Makes room for so many bytes, which the caller writes at <see cref="Count"/> in <see cref="Buffer"/>.</summary>
    public void Reserve(int bytes)
    {
        var needed = Count + bytes;
        if (needed <= _buffer.Length)
        {
            return;
        }

        var grown = Pool.Rent(Math.Max(needed, Math.Max(InitialLength, Count * 2)));
        System.Buffer.BlockCopy(_buffer, 0, grown, 0, Count);
        Release();
        _buffer = grown;
    }

    public void Append(byte[] bytes) => Append(bytes, 0, bytes.Length);

    public void Append(byte[] buffer, int offset, int count)
    {
        Reserve(count);
        System.Buffer.BlockCopy(buffer, offset, _buffer, Count, count);
        Count += count;
    }

    /// <summary>Adds bytes that the caller has written into the reserved room.</summary>
    public void Advance(int count) => Count += count;

    /// <summary>Begins a message: leaves room for its length prefix.</summary>
    /// <returns>Where it begins, for <see cref="End"/>.</returns>
    public int Begin(Terminator terminator)
    {
        var begin = Count;
        if (terminator == Terminator.LengthPrefix)
        {
            Reserve(FrameReader.PrefixLength);
            Count += FrameReader.PrefixLength;
        }

        return begin;
    }

    /// <summary>Ends a message with its prefix or terminator; in a stream an empty one without framing is none.</summary>
    /// <param name="begin">Where it begins.</param>
    /// <param name="terminator">What ends it.</param>
    /// <param name="journalOffset">Where the journal keeps the same bytes, those of the message that it responds to; -1 for nowhere.</param>
    public void End(int begin, Terminator terminator, long journalOffset = -1)
    {
        var content = begin + (terminator == Terminator.LengthPrefix ? FrameReader.PrefixLength : 0);
        var length = Count - content;
        if (length == 0 && terminator == Terminator.None && !carriesEmpty)
        {
            return;
        }

        if (terminator == Terminator.LengthPrefix)
        {
            FrameWriter.WritePrefix(_buffer, begin, length);
        }
        else
        {
            Append(writer.Tail(terminator));
        }

        Messages.Add(new BufferedMessage(content, length, journalOffset));
    }

    /// <summary>Adds the messages of another buffer, framing included.</summary>
    public void Append(OutputBuffer other)
    {
        var start = Count;
        Append(other._buffer, 0, other.Count);
        foreach (var message in other.Messages)
        {
            Messages.Add(message with { Offset = start + message.Offset });
        }
    }

    /// <summary>Adds one whole message.</summary>
    public void AppendMessage(byte[] content, Terminator terminator)
    {
        var begin = Begin(terminator);
        Append(content);
        End(begin, terminator);
    }

    /// <summary>A copy of its bytes.</summary>
    public byte[] ToArray()
    {
        var copy = new byte[Count];
        System.Buffer.BlockCopy(_buffer, 0, copy, 0, Count);
        return copy;
    }

    /// <summary>Cuts the last message: it is not sent whole, and does not count as one any more.</summary>
    /// <param name="count">How many bytes are left in the buffer.</param>
    public void CutLast(int count)
    {
        Count = count;
        Messages.RemoveAt(Messages.Count - 1);
    }

    /// <summary>Empties this and returns the buffer to the pool.</summary>
    public void Clear()
    {
        Count = 0;
        Messages.Clear();
        Release();
        _buffer = [];
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    private void Release()
    {
        if (_buffer.Length > 0)
        {
            Pool.Return(_buffer);
        }
    }
}
