using System.Globalization;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>Text from outside, such as a process's name: cleaned where it is read, so that errors, views and logs can show it.</summary>
internal static class OutsideText
{
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// Replaces with U+FFFD what a terminal interprets instead of showing: control characters (C0 and C1, which begin escape
    /// sequences), characters that change the direction of writing or end a line, and lone surrogates.
    /// </summary>
    /// <param name="text">The text, or null for none.</param>
    public static string? Clean(string? text)
    {
        if (text is null)
        {
            return null;
        }

        StringBuilder? cleaned = null;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (IsUnsafe(text[i]))
            {
                (cleaned ??= new StringBuilder(text))[i] = Replacement;
            }
        }

        return cleaned?.ToString() ?? text;
    }

    private static bool IsUnsafe(char character) => CharUnicodeInfo.GetUnicodeCategory(character) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or
        UnicodeCategory.Surrogate;
}
