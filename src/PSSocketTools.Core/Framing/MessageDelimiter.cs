using System.Globalization;
using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>What ends each message under <see cref="MessageFraming.Delimiter"/>. A message ends before the first one in the stream.</summary>
public sealed class MessageDelimiter : IEquatable<MessageDelimiter>
{
    /// <summary>The range of a delimiter's length, in bytes.</summary>
    public const int LowestBytes = 1, HighestBytes = 16;

    private readonly byte[] _bytes;

    // By how many bytes the delimiter overlaps itself when moved, from 1 on: 'aa' by 1, 'abab' by 2. Most overlap nowhere.
    private readonly int[] _shifts;

    /// <summary>Takes bytes.</summary>
    /// <param name="bytes">1 to 16 bytes.</param>
    /// <exception cref="SocketToolsException">InvalidOption: there are none, or too many.</exception>
    public MessageDelimiter(byte[] bytes)
    {
        if (bytes is null)
        {
            throw new ArgumentNullException(nameof(bytes));
        }

        if (bytes.Length is < LowestBytes or > HighestBytes)
        {
            throw OptionRules.Invalid(nameof(MessageFraming.Delimiter), "DelimiterLength", bytes.Length, LowestBytes, HighestBytes);
        }

        _bytes = (byte[])bytes.Clone();
        _shifts = [.. Enumerable.Range(1, _bytes.Length - 1).Where(shift => Matches(_bytes, shift, _bytes.Length - shift))];
    }

    /// <summary>Takes text.</summary>
    /// <param name="text">1 to 16 bytes in the encoding.</param>
    /// <param name="encoding">The encoding on the wire.</param>
    /// <exception cref="SocketToolsException">InvalidOption: it has no bytes or too many, or characters that the encoding lacks.</exception>
    public MessageDelimiter(string text, Encoding encoding)
        : this(Encode(text, encoding))
    {
    }

    /// <summary>How many bytes it has.</summary>
    public int Length => _bytes.Length;

    /// <summary>Its bytes, which are not to be changed.</summary>
    internal byte[] Bytes => _bytes;

    /// <summary>The 1 to 16 bytes that end a message, as they are on the wire.</summary>
    public byte[] GetBytes() => (byte[])_bytes.Clone();

    /// <inheritdoc/>
    public bool Equals(MessageDelimiter? other) => other is not null && _bytes.SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MessageDelimiter);

    /// <inheritdoc/>
    public override int GetHashCode() => _bytes.Aggregate(17, static (hash, b) => unchecked((hash * 31) + b));

    /// <summary>The bytes as text: printable ASCII as it is, others escaped as in C: <c>\0</c>, <c>\r\n</c>, <c>\x03</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var b in _bytes)
        {
            _ = b switch
            {
                0 => text.Append("\\0"),
                (byte)'\t' => text.Append("\\t"),
                (byte)'\n' => text.Append("\\n"),
                (byte)'\r' => text.Append("\\r"),
                (byte)'\\' => text.Append("\\\\"),
                < 0x20 or > 0x7E => text.Append("\\x").Append(b.ToString("X2", CultureInfo.InvariantCulture)),
                _ => text.Append((char)b),
            };
        }

        return text.ToString();
    }

    /// <summary>Where the first one begins within bytes; -1 where none does.</summary>
    internal int Find(byte[] buffer, int offset, int count) => ByteSearch.IndexOf(buffer, offset, count, _bytes);

    /// <summary>Whether the first one in a message followed by its delimiter begins before the message's end: then the message would be cut.</summary>
    internal bool Cuts(byte[] message, int offset, int count)
    {
        if (Find(message, offset, count) >= 0)
        {
            return true;
        }

        // The end of the message and the beginning of its delimiter can make one: 'xa' and 'aa' read as 'x', 'aa', 'a'.
        foreach (var shift in _shifts)
        {
            if (shift <= count && Matches(message, offset + count - shift, shift))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many bytes at the end may be the beginning of a delimiter: the most there can be.</summary>
    internal int BeginsAtEnd(byte[] buffer, int offset, int count)
    {
        for (var length = Math.Min(count, _bytes.Length - 1); length > 0; length--)
        {
            if (Matches(buffer, offset + count - length, length))
            {
                return length;
            }
        }

        return 0;
    }

    private bool Matches(byte[] buffer, int offset, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (buffer[offset + i] != _bytes[i])
            {
                return false;
            }
        }

        return true;
    }

    private static byte[] Encode(string text, Encoding encoding)
    {
        if (text is null)
        {
            throw new ArgumentNullException(nameof(text));
        }

        if (encoding is null)
        {
            throw new ArgumentNullException(nameof(encoding));
        }

        // A question mark in place of what the encoding lacks would be another delimiter.
        var strict = (Encoding)encoding.Clone();
        strict.EncoderFallback = EncoderFallback.ExceptionFallback;
        try
        {
            return strict.GetBytes(text);
        }
        catch (EncoderFallbackException exception)
        {
            throw new SocketToolsException(
                SocketToolsError.InvalidOption, Messages.Get("DelimiterNotEncoded", encoding.WebName), nameof(MessageFraming.Delimiter), exception);
        }
    }
}
