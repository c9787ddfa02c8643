using System.Globalization;
using System.Text;

namespace PSSocketTools.Interactive;

/// <summary>
/// A line that is being typed, where in it the next character goes, and the lines before it. It knows no console. The cursor moves
/// by characters as people see them: grapheme clusters, which .NET Framework tells less well (it takes joined emoji apart).
/// </summary>
internal sealed class LineBuffer
{
    // More than anybody goes back; a pasted file must not be kept for ever.
    private const int MostLines = 1000;

    private readonly StringBuilder _text = new();
    private readonly List<string> _history = [];

    // Which line of the history is shown; as many as there are: the one that is being typed.
    private int _shown;
    private string _draft = string.Empty;

    /// <summary>What was typed.</summary>
    public string Text => _text.ToString();

    /// <summary>How many UTF-16 units stand before the cursor.</summary>
    public int Cursor { get; private set; }

    public bool IsEmpty => _text.Length == 0;

    public void Insert(char character) => _text.Insert(Cursor++, character);

    public void MoveLeft() => Cursor = Before(Cursor);

    public void MoveRight() => Cursor = After(Cursor);

    public void MoveToStart() => Cursor = 0;

    public void MoveToEnd() => Cursor = _text.Length;

    /// <summary>To the beginning of the word before; a word is of letters and digits.</summary>
    public void MoveWordLeft() => Cursor = Leftwards(IsOfWord);

    /// <summary>To the end of the word behind.</summary>
    public void MoveWordRight() => Cursor = Rightwards(IsOfWord);

    public void DeleteLeft() => DeleteBack(Before(Cursor));

    public void DeleteRight() => _text.Remove(Cursor, After(Cursor) - Cursor);

    public void DeleteToStart() => DeleteBack(0);

    public void DeleteToEnd() => _text.Length = Cursor;

    /// <summary>Deletes back to the white space before, as terminals do.</summary>
    public void DeleteToBlank() => DeleteBack(Leftwards(static character => !char.IsWhiteSpace(character)));

    public void DeleteWordLeft() => DeleteBack(Leftwards(IsOfWord));

    public void DeleteWordRight() => _text.Remove(Cursor, Rightwards(IsOfWord) - Cursor);

    /// <summary>Shows the line before the one that is shown.</summary>
    public void ShowOlder()
    {
        if (_shown == 0)
        {
            return;
        }

        if (_shown == _history.Count)
        {
            _draft = Text;
        }

        Show(_history[--_shown]);
    }

    /// <summary>Shows the line after the one that is shown; behind the last is the one that was being typed.</summary>
    public void ShowNewer()
    {
        if (_shown < _history.Count)
        {
            Show(++_shown == _history.Count ? _draft : _history[_shown]);
        }
    }

    /// <summary>Ends the line: gives it out, keeps it in the history, and begins the next.</summary>
    public string Accept()
    {
        var line = Text;
        if (line.Length > 0 && (_history.Count == 0 || _history[_history.Count - 1] != line))
        {
            _history.Add(line);
            if (_history.Count > MostLines)
            {
                _history.RemoveAt(0);
            }
        }

        _shown = _history.Count;
        _draft = string.Empty;
        Show(string.Empty);
        return line;
    }

    private static bool IsOfWord(char character) => char.IsLetterOrDigit(character) || char.IsSurrogate(character) || character == '_';

    private void Show(string line)
    {
        _ = _text.Clear().Append(line);
        Cursor = line.Length;
    }

    private void DeleteBack(int start)
    {
        _ = _text.Remove(start, Cursor - start);
        Cursor = start;
    }

    /// <summary>Where the character before a place begins.</summary>
    private int Before(int place)
    {
        var before = 0;
        foreach (var start in StringInfo.ParseCombiningCharacters(Text))
        {
            if (start >= place)
            {
                break;
            }

            before = start;
        }

        return before;
    }

    /// <summary>Where the character at a place ends.</summary>
    private int After(int place)
    {
        foreach (var start in StringInfo.ParseCombiningCharacters(Text))
        {
            if (start > place)
            {
                return start;
            }
        }

        return _text.Length;
    }

    /// <summary>Over what is no such character, and then over those that are.</summary>
    private int Leftwards(Func<char, bool> isWanted)
    {
        var starts = StringInfo.ParseCombiningCharacters(Text);
        var i = Array.FindLastIndex(starts, start => start < Cursor);
        while (i >= 0 && !isWanted(_text[starts[i]]))
        {
            i--;
        }

        while (i >= 0 && isWanted(_text[starts[i]]))
        {
            i--;
        }

        return i + 1 < starts.Length ? Math.Min(Cursor, starts[i + 1]) : Cursor;
    }

    private int Rightwards(Func<char, bool> isWanted)
    {
        var starts = StringInfo.ParseCombiningCharacters(Text);
        var i = Array.FindIndex(starts, start => start >= Cursor);
        while (i >= 0 && i < starts.Length && !isWanted(_text[starts[i]]))
        {
            i++;
        }

        while (i >= 0 && i < starts.Length && isWanted(_text[starts[i]]))
        {
            i++;
        }

        return i >= 0 && i < starts.Length ? starts[i] : _text.Length;
    }
}
