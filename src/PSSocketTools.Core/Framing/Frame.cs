namespace PSSocketTools.Framing;

/// <summary>One message within a buffer that it does not own: valid until the next call of the reader.</summary>
internal readonly struct Frame(byte[] buffer, int offset, int count, Terminator terminator, bool complete)
{
    public byte[] Buffer { get; } = buffer;

    public int Offset { get; } = offset;

    public int Count { get; } = count;

    public Terminator Terminator { get; } = terminator;

    /// <summary>False when the input ended before the message did.</summary>
    public bool Complete { get; } = complete;

    /// <summary>The same message in a buffer of its own.</summary>
    public Frame Copy() => new(ToArray(), 0, Count, Terminator, Complete);

    /// <summary>A copy of its bytes.</summary>
    public byte[] ToArray()
    {
        var copy = new byte[Count];
        System.Buffer.BlockCopy(Buffer, Offset, copy, 0, copy.Length);
        return copy;
    }
}
