using PSSocketTools.Framing;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Conversations;

/// <summary>Answers on their way out, one behind the other in a borrowed buffer, and where each of them lies.</summary>
/// <param name="carriesEmpty">Whether an answer without a byte, prefix or line end is one all the same: as a datagram of its own.</param>
internal sealed class Outbox(bool carriesEmpty = false) : IDisposable
{
    private const int InitialLength = 4096;

    private byte[] _buffer = [];

    /// <summary>The bytes waiting, framing included.</summary>
    public int Count { get; private set; }

    public byte[] Buffer => _buffer;

    /// <summary>The answers without their framing.</summary>
    public List<(int Offset, int Count)> Answers { get; } = [];

    /// <summary>Makes room for an answer of at most so many bytes; they go at <see cref="Count"/> in <see cref="Buffer"/>.</summary>
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

    /// <summary>Appends bytes as they are.</summary>
    public void Append(byte[] buffer, int offset, int count)
    {
        Reserve(count);
        System.Buffer.BlockCopy(buffer, offset, _buffer, Count, count);
        Count += count;
    }

    /// <summary>Counts bytes that were written into the room reserved.</summary>
    public void Advance(int count) => Count += count;

    /// <summary>Begins an answer: leaves the room its prefix takes.</summary>
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

    /// <summary>Ends an answer with what its framing asks for; an empty one with nothing around it is none at all in a stream.</summary>
    public void End(int begin, Terminator terminator)
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
            var tail = FrameWriter.Tail(terminator);
            Append(tail, 0, tail.Length);
        }

        Answers.Add((content, length));
    }

    /// <summary>Empties the box and gives its buffer back.</summary>
    public void Clear()
    {
        Count = 0;
        Answers.Clear();
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
