using System.Management.Automation.Host;
using System.Text;
using PSSocketTools.Interactive;
using PSSocketTools.Views;

namespace PSSocketTools;

/// <summary>
/// Text in the lines of a table's cell. PowerShell breaks what is too long for a column wherever the column ends, between two words at
/// best, and in some cultures not even there; these lines end behind a word, or behind what divides a name, a path or an address.
/// </summary>
public static class CellText
{
    private const int DefaultWidth = 80;
    private const int LeastColumns = 8;
    private const string Dividers = "-_./\\:,;@+=&?)]";
    private const char CutMark = '…';

    /// <summary>Text in lines of a width; only a part longer than a line that nothing divides is cut.</summary>
    /// <param name="text">Text of one line, or nothing.</param>
    /// <param name="columns">The columns there are.</param>
    public static string? Fit(string? text, int columns) =>
        text is null || CharacterWidth.Of(text) <= columns ? text : string.Join("\n", Lines(text, columns));

    /// <summary>Text in lines for the last column of a table, which has what the others leave of the window.</summary>
    /// <param name="text">Text of one line, or nothing.</param>
    /// <param name="before">The columns before it, gaps among them.</param>
    /// <param name="host">The session's host, which knows the window.</param>
    public static string? FitRest(string? text, int before, PSHost? host) => Fit(text, Rest(before, host));

    /// <summary>A sentence in lines for the last column of a table: they end behind a word, and nothing of it is lost.</summary>
    /// <param name="text">Text of one line, or nothing.</param>
    /// <param name="before">The columns before it, gaps among them.</param>
    /// <param name="host">The session's host, which knows the window.</param>
    public static string? WrapRest(string? text, int before, PSHost? host) => Wrap(text, Rest(before, host));

    /// <summary>A sentence in lines of a width: they end behind a word, and a word longer than a line continues on the next.</summary>
    /// <param name="text">Text of one line, or nothing.</param>
    /// <param name="columns">The columns there are.</param>
    public static string? Wrap(string? text, int columns) =>
        text is null || CharacterWidth.Of(text) <= columns ? text : string.Join("\n", ProseLines(text, columns));

    /// <summary>As much of a text as one line holds, for the last column of a table.</summary>
    /// <param name="text">Text of one line, or nothing.</param>
    /// <param name="before">The columns before it, gaps among them.</param>
    /// <param name="host">The session's host, which knows the window.</param>
    public static string? CutRest(string? text, int before, PSHost? host) => Cut(text, Rest(before, host));

    /// <summary>As much of a text as one line holds.</summary>
    /// <param name="text">Text of one line, or nothing.</param>
    /// <param name="columns">The columns there are.</param>
    public static string? Cut(string? text, int columns)
    {
        if (text is null || CharacterWidth.Of(text) <= columns)
        {
            return text;
        }

        var end = 0;
        while (end < text.Length && CharacterWidth.Of(text, 0, NextOf(text, end)) < columns)
        {
            end = NextOf(text, end);
        }

        return text[..end] + CutMark;
    }

    /// <summary>As much of a name's beginning and end as one line holds: names that are made differ in the number at their end.</summary>
    /// <param name="text">Text of one line, or nothing.</param>
    /// <param name="columns">The columns there are, at least 3.</param>
    public static string? CutMiddle(string? text, int columns)
    {
        if (text is null || CharacterWidth.Of(text) <= columns)
        {
            return text;
        }

        var digits = text.Reverse().TakeWhile(char.IsDigit).Count();
        var room = Math.Min(Math.Max(digits, columns / 4), columns - 2);
        var start = text.Length;
        while (start > 0 && CharacterWidth.Of(text, PreviousOf(text, start), text.Length) <= room)
        {
            start = PreviousOf(text, start);
        }

        return Cut(text[..start], columns - CharacterWidth.Of(text, start, text.Length)) + text[start..];
    }

    /// <summary>What is left of the window by the columns before, and by the one at its edge, which PowerShell leaves free.</summary>
    internal static int Rest(int before, PSHost? host) => Math.Max(Width(host) - before - 1, LeastColumns);

    private static int NextOf(string text, int index) => index + (char.IsSurrogatePair(text, index) ? 2 : 1);

    private static int PreviousOf(string text, int index) => index - (index > 1 && char.IsSurrogatePair(text, index - 2) ? 2 : 1);

    private static List<string> ProseLines(string text, int columns)
    {
        var lines = new List<string>();
        var line = new StringBuilder();
        foreach (var word in Divide(text, " "))
        {
            if (CharacterWidth.Of(line + Unspaced(word)) > columns)
            {
                End(lines, line, columns);
            }

            // A long word may be a thumbprint to copy, so that it is divided and not cut.
            var rest = word;
            while (CharacterWidth.Of(Unspaced(rest)) > columns)
            {
                var end = NextOf(rest, 0);
                while (CharacterWidth.Of(rest, 0, NextOf(rest, end)) <= columns)
                {
                    end = NextOf(rest, end);
                }

                lines.Add(rest[..end]);
                rest = rest[end..];
            }

            line.Append(rest);
        }

        End(lines, line, columns);
        return lines;
    }

    private static string Unspaced(string word) => word.TrimEnd(' ');

    private static List<string> Lines(string text, int columns)
    {
        var lines = new List<string>();
        var line = new StringBuilder();
        foreach (var item in Divide(text, ", "))
        {
            Add(lines, line, item, columns, static (lines, line, item, columns) =>
            {
                foreach (var word in Divide(item, " "))
                {
                    Add(lines, line, word, columns, static (lines, line, word, columns) =>
                    {
                        foreach (var part in Parts(word, columns))
                        {
                            Add(lines, line, part, columns, null);
                        }
                    });
                }
            });
        }

        End(lines, line, columns);
        return lines;
    }

    /// <summary>Adds a piece to the line, or to the next where it fits there, or else in what it is made of.</summary>
    private static void Add(List<string> lines, StringBuilder line, string piece, int columns, Action<List<string>, StringBuilder, string, int>? addParts)
    {
        if (CharacterWidth.Of(line + Shown(piece)) > columns)
        {
            End(lines, line, columns);
        }

        if (addParts is not null && CharacterWidth.Of(Shown(piece)) > columns)
        {
            addParts(lines, line, piece, columns);
        }
        else
        {
            line.Append(piece);
        }
    }

    /// <summary>What has to have room of a piece that ends a line.</summary>
    private static string Shown(string piece) => piece.TrimEnd(' ', ',');

    /// <summary>A text in pieces, each with what divides it from the next.</summary>
    private static IEnumerable<string> Divide(string text, string divider)
    {
        var start = 0;
        while (text.IndexOf(divider, start, StringComparison.Ordinal) is >= 0 and var end)
        {
            yield return text[start..(end + divider.Length)];
            start = end + divider.Length;
        }

        if (start < text.Length)
        {
            yield return text[start..];
        }
    }

    private static void End(List<string> lines, StringBuilder line, int columns)
    {
        if (line.Length > 0)
        {
            // The end of the line does for a comma that has no room.
            var text = line.ToString().TrimEnd();
            lines.Add(CharacterWidth.Of(text) > columns ? text.TrimEnd(',') : text);
            line.Clear();
        }
    }

    /// <summary>The parts of a word that its dividers make.</summary>
    private static IEnumerable<string> Parts(string word, int columns)
    {
        var start = 0;
        for (var i = 1; i <= word.Length; i++)
        {
            if (i == word.Length || (IsDivider(word[i - 1]) && !IsDivider(word[i])))
            {
                yield return Cut(word[start..i].TrimEnd(), columns)! + (i == word.Length && word[^1] == ' ' ? " " : "");
                start = i;
            }
        }
    }

    private static bool IsDivider(char character) => Dividers.IndexOf(character) >= 0;

    private static int Width(PSHost? host)
    {
        try
        {
            return host?.UI?.RawUI?.BufferSize.Width is { } width and > 0 ? width : DefaultWidth;
        }
        catch (Exception exception) when (HostWindow.IsMissing(exception))
        {
            return DefaultWidth;
        }
    }
}
