using System.Text;

namespace PSSocketTools.Net;

/// <summary>Encodings as they read what comes over the wire.</summary>
internal static class TextEncoding
{
    private static readonly DecoderFallback Replacement = new DecoderReplacementFallback("\uFFFD");

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
}
