using System.Globalization;
using System.Text;

namespace PSSocketTools.Interactive;

/// <summary>
/// How a line is shown while it is typed: on one row, through which a longer one scrolls. Marks tell that there is more on a side.
/// </summary>
internal static class LineView
{
    private const string Tab = "    ";
    private const char Unshowable = '\uFFFD';
    private const char MoreLeft = '<';
    private const char MoreRight = '>';
    private const int LeastRoomForMarks = 4;

    /// <summary>The row for a line.</summary>
    /// <param name="prompt">What stands before the line; a long one is cut.</param>
    /// <param name="line">The line.</param>
    /// <param name="cursor">How many of its UTF-16 units stand before the cursor.</param>
    /// <param name="width">The terminal's columns.</param>
    public static LineRow Of(string prompt, string line, int cursor, int width)
    {
        var columns = Math.Max(1, width - 1);
        var row = new StringBuilder(CutPrompt(prompt, columns * 2 / 3));
        var room = columns - CharacterWidth.Of(row.ToString());
        if (CharacterWidth.Of(line) <= room)
        {
            var before = row.ToString() + Shown(line, 0, cursor);
            return new LineRow(before + Shown(line, cursor, line.Length), before);
        }

        // A jump by half the room lets most keys leave the text where it is.
        var hasMarks = room >= LeastRoomForMarks;
        var reach = Math.Max(1, hasMarks ? room - 2 : room);
        var step = Math.Max(1, reach / 2);
        var cursorColumn = CharacterWidth.Of(line, 0, cursor);
        var first = cursorColumn < reach ? 0 : (((cursorColumn - reach) / step) + 1) * step;
        if (hasMarks && first > 0)
        {
            _ = row.Append(MoreLeft);
        }

        var last = first + room - (hasMarks ? first > 0 ? 2 : 1 : 0);
        var length = row.Length;
        var start = 0;
        var column = 0;
        while (start < line.Length)
        {
            // The cursor may stand inside of what only now became one character.
            var end = ElementEnd(line, start);
            end = cursor > start && cursor < end ? cursor : end;
            var endColumn = column + CharacterWidth.Of(line, start, end);
            if (endColumn > last)
            {
                _ = hasMarks ? row.Append(MoreRight) : row;
                break;
            }

            if (column >= first)
            {
                _ = row.Append(Shown(line, start, end));
            }
            else if (endColumn > first)
            {
                // Half of a wide character would be seen.
                _ = row.Append(' ', endColumn - first);
            }

            (start, column) = (end, endColumn);
            if (end <= cursor)
            {
                length = row.Length;
            }
        }

        var text = row.ToString();
        return new LineRow(text, text.Substring(0, length));
    }

    private static string CutPrompt(string prompt, int most)
    {
        if (CharacterWidth.Of(prompt) <= most)
        {
            return prompt;
        }

        // Its end is what is nearest to the line; a port or a file name is there.
        var start = 0;
        while (start < prompt.Length && CharacterWidth.Of(prompt, start, prompt.Length) >= most)
        {
            start = ElementEnd(prompt, start);
        }

        return most > 0 ? MoreLeft + prompt.Substring(start) : string.Empty;
    }

    private static int ElementEnd(string text, int start) => start + StringInfo.GetNextTextElement(text, start).Length;

    /// <summary>A part of a line with nothing in it that acts on a terminal.</summary>
    private static string Shown(string line, int start, int end)
    {
        var shown = new StringBuilder(end - start);
        for (var i = start; i < end; i++)
        {
            if (char.IsHighSurrogate(line[i]) && i + 1 < end && char.IsLowSurrogate(line[i + 1]))
            {
                _ = shown.Append(line[i]).Append(line[++i]);
            }
            else if (line[i] == '\t')
            {
                _ = shown.Append(Tab);
            }
            else
            {
                _ = shown.Append(char.IsControl(line[i]) || char.IsSurrogate(line[i]) ? Unshowable : line[i]);
            }
        }

        return shown.ToString();
    }
}
