using System.Globalization;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>Text that others chose, such as a process's name: cleaned where it comes in, so that no error, view or log has to mind.</summary>
internal static class OutsideText
{
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// The text with U+FFFD for what acts on a terminal instead of being shown: the control characters (C0 and C1, escape sequences
    /// begin with them), those that turn the direction of writing or end a line, and halves of surrogate pairs.
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
            else if (IsUnfit(text[i]))
            {
                (cleaned ??= new StringBuilder(text))[i] = Replacement;
            }
        }

        return cleaned?.ToString() ?? text;
    }

    private static bool IsUnfit(char character) => CharUnicodeInfo.GetUnicodeCategory(character) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or
        UnicodeCategory.Surrogate;
}
