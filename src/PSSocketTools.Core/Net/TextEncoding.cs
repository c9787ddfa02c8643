using System.Text;

namespace PSSocketTools.Net;

/// <summary>Encodings as they read what comes over the wire, and write what goes.</summary>
internal static class TextEncoding
{
    private static readonly DecoderFallback Replacement = new DecoderReplacementFallback("\uFFFD");

    // Not U+FFFD, which encodings other than Unicode's don't have either.
    private static readonly EncoderFallback WrittenReplacement = new EncoderReplacementFallback("?");

    /// <summary>The encoding with U+FFFD for bytes that mean nothing in it, in place of an exception or a character of its own choice.</summary>
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
    /// As <see cref="ReplacingInvalid"/>, and with a question mark for characters it does not have, in place of an exception:
    /// U+FFFD for one, which what was read may hold.
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
