using System.Text;

namespace PSSocketTools.Net;

/// <summary>Encodings for received and sent text.</summary>
internal static class TextEncoding
{
    /// <summary>The name of <see cref="Default"/> (RFC 2978).</summary>
    public const string Utf8 = "utf-8";

    /// <summary>The default encoding: UTF-8 without a byte order mark.</summary>
    public static readonly Encoding Default = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>U+FEFF, which at the start of text marks the byte order, or that the text is Unicode.</summary>
    public const char ByteOrderMark = '\uFEFF';

    private static readonly DecoderFallback Replacement = new DecoderReplacementFallback("\uFFFD");

    // Not U+FFFD, which encodings other than Unicode's don't have either.
    private static readonly EncoderFallback WrittenReplacement = new EncoderReplacementFallback("?");

    /// <summary>The encoding with U+FFFD as the replacement for invalid bytes, instead of its own fallback.</summary>
    public static Encoding ReplacingInvalid(Encoding encoding)
    {
        if (encoding.DecoderFallback.Equals(Replacement))
        {
            return encoding;
        }

        var replacing = (Encoding)encoding.Clone();
        replacing.DecoderFallback = Replacement;
        return replacing;
    }

    /// <summary>
    /// The text of a message, without the byte order mark that .NET's StreamWriter, for one, writes before its first: it is
    /// a signature, not text (RFC 3629, section 6). The bytes stay as they are.
    /// </summary>
    public static string ToText(this Encoding encoding, byte[] buffer, int offset, int count)
    {
        var text = encoding.GetString(buffer, offset, count);
        return text.Length > 0 && text[0] == ByteOrderMark ? text[1..] : text;
    }

    /// <summary>The text of a truncated message, without an incomplete character at its end.</summary>
    public static string ToTextUpToCut(this Encoding encoding, byte[] buffer, int offset, int count)
    {
        var chars = new char[encoding.GetMaxCharCount(count)];
        var length = encoding.GetDecoder().GetChars(buffer, offset, count, chars, 0, flush: false);
        var mark = length > 0 && chars[0] == ByteOrderMark ? 1 : 0;
        return new string(chars, mark, length - mark);
    }

    /// <summary>The bytes of the byte order mark in an encoding; none where it has none.</summary>
    public static byte[] MarkIn(Encoding encoding)
    {
        var bytes = encoding.GetBytes([ByteOrderMark]);
        return encoding.GetString(bytes) == ByteOrderMark.ToString() ? bytes : [];
    }

    /// <summary>Whether bytes end in the middle of a character, so that more of it may come.</summary>
    /// <param name="encoding">An encoding that does not throw.</param>
    /// <param name="buffer">Holds the bytes.</param>
    /// <param name="offset">Where they begin, at the beginning of a character.</param>
    /// <param name="count">How many there are.</param>
    public static bool EndsInsideCharacter(Encoding encoding, byte[] buffer, int offset, int count)
    {
        const int MaxUtf8Bytes = 4;
        const int CharsAtOnce = 256;
        if (count == 0 || encoding.IsSingleByte)
        {
            return false;
        }

        if (encoding is UTF8Encoding)
        {
            if (buffer[offset + count - 1] < 0x80)
            {
                return false;
            }

            // No character is longer, and earlier bytes do not affect it.
            var skipped = Math.Max(0, count - MaxUtf8Bytes);
            offset += skipped;
            count -= skipped;
        }

        var decoder = encoding.GetDecoder();
        var chars = new char[CharsAtOnce];
        while (count > 0)
        {
            decoder.Convert(buffer, offset, count, chars, 0, chars.Length, flush: false, out var used, out _, out _);
            offset += used;
            count -= used;
        }

        // The bytes that the decoder still holds would become a replacement character.
        return decoder.GetCharCount(buffer, offset, 0, flush: true) > 0;
    }

    /// <summary>
    /// As <see cref="ReplacingInvalid"/>, and with a question mark instead of an exception for characters that it lacks, such as
    /// U+FFFD, which decoded text may hold.
    /// </summary>
    public static Encoding ReplacingBothWays(Encoding encoding)
    {
        var reading = ReplacingInvalid(encoding);
        if (reading.EncoderFallback is not EncoderExceptionFallback)
        {
            return reading;
        }

        var replacing = (Encoding)reading.Clone();
        replacing.EncoderFallback = WrittenReplacement;
        return replacing;
    }
}
