namespace PSSocketTools.Pester;

/// <summary>A test as its file's text has it: names that hold data or variables are not expanded.</summary>
/// <param name="Name">The names of the blocks around the test and its own, joined by dots, as Pester writes a path.</param>
/// <param name="File">The file's full name.</param>
/// <param name="Line">The line its It is on, from 1.</param>
internal sealed record WrittenTest(string Name, string File, int Line)
{
    /// <summary>Whether the name that Pester gives the test may differ from the written one.</summary>
    public bool IsTemplate { get; } = Name.AsSpan().ContainsAny('<', '$');
}

/// <summary>Reads the names of the tests out of a Pester file without a PowerShell: enough to list them and to say what was not run.</summary>
internal sealed class PesterNames
{
    private readonly string _text;
    private readonly string _file;
    private readonly IReadOnlySet<string> _leftOut;
    private readonly List<WrittenTest> _tests = [];
    private readonly Stack<Block> _blocks = new();
    private int _at;
    private int _line = 1;
    private int _depth;

    private PesterNames(string file, string text, IReadOnlySet<string> leftOut)
    {
        _file = file;
        _text = text;
        _leftOut = leftOut;
    }

    private char Here => At(0);

    /// <summary>The tests a file holds for this system and PowerShell's edition; those tagged for others are left out.</summary>
    public static IReadOnlyList<WrittenTest> Read(string file, bool isDesktop) =>
        new PesterNames(file, File.ReadAllText(file), Tags(isDesktop)).Read();

    private static HashSet<string> Tags(bool isDesktop)
    {
        HashSet<string> tags = new(["Windows", "Linux", "MacOS", "Unix", "Core", "Desktop"], StringComparer.OrdinalIgnoreCase);
        tags.Remove(isDesktop ? "Desktop" : "Core");
        tags.Remove(OperatingSystem.IsWindows() ? "Windows" : OperatingSystem.IsMacOS() ? "MacOS" : "Linux");
        if (!OperatingSystem.IsWindows())
        {
            tags.Remove("Unix");
        }

        return tags;
    }

    private List<WrittenTest> Read()
    {
        // A command's name stands at the start of a statement.
        var statementStarts = true;
        while (_at < _text.Length)
        {
            if (SkipBlank(ref statementStarts) || SkipString(out _))
            {
                continue;
            }

            if (Here is '{' or '}')
            {
                Brace();
                statementStarts = true;
                continue;
            }

            var line = _line;
            var word = Word();
            if (statementStarts && word is not null && IsCommand(word))
            {
                Command(word, line);
            }

            statementStarts = false;
        }

        return _tests;
    }

    private static bool IsCommand(string word) =>
        word.Equals("Describe", StringComparison.OrdinalIgnoreCase) || word.Equals("Context", StringComparison.OrdinalIgnoreCase)
        || word.Equals("It", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a command's arguments up to the brace that opens its block.</summary>
    private void Command(string word, int line)
    {
        string? name = null;
        string? parameter = null;
        List<string> tags = [];
        var nested = 0;
        while (_at < _text.Length)
        {
            if (nested == 0 && Here is '\n' or ';')
            {
                return;
            }

            var ignored = false;
            if (SkipBlank(ref ignored))
            {
                continue;
            }

            if (Here == '{' && nested == 0)
            {
                break;
            }

            string? value = null;
            if (Here is '(' or '{')
            {
                nested++;
                Step();
            }
            else if (Here is ')' or '}')
            {
                nested--;
                Step();
            }
            else if (Here == '@' && At(1) is '{' or '(')
            {
                nested++;
                Step();
                Step();
            }
            else if (!SkipString(out value))
            {
                value = Word();
                if (nested == 0 && value is ['-', ..])
                {
                    parameter = value.TrimEnd(':');
                    continue;
                }
            }

            if (value is null or ",")
            {
                continue;
            }

            if ("-Tag".Equals(parameter, StringComparison.OrdinalIgnoreCase))
            {
                tags.Add(value);
            }
            else if (nested == 0 && name is null && (parameter is null || "-Name".Equals(parameter, StringComparison.OrdinalIgnoreCase)))
            {
                name = value;
            }
        }

        if (name is null)
        {
            return;
        }

        var parent = _blocks.TryPeek(out var around) ? around : null;
        var path = parent is null ? name : $"{parent.Path}.{name}";
        var leftOut = parent?.LeftOut == true || tags.Any(_leftOut.Contains);
        if (!word.Equals("It", StringComparison.OrdinalIgnoreCase))
        {
            _blocks.Push(new Block(path, _depth, leftOut));
        }
        else if (!leftOut)
        {
            _tests.Add(new WrittenTest(path, _file, line));
        }
    }

    private void Brace()
    {
        _depth += Here == '{' ? 1 : -1;
        while (_blocks.TryPeek(out var block) && Here == '}' && _depth <= block.Depth)
        {
            _blocks.Pop();
        }

        Step();
    }

    private bool SkipBlank(ref bool statementStarts)
    {
        if (Here == '<' && At(1) == '#')
        {
            SkipTo("#>");
            return true;
        }

        if (Here == '#')
        {
            while (_at < _text.Length && Here != '\n')
            {
                Step();
            }

            return true;
        }

        if (Here == '`' && At(1) is '\n' or '\r')
        {
            Step();
            Step();
            if (Here == '\n')
            {
                Step();
            }

            return true;
        }

        if (char.IsWhiteSpace(Here) || Here == ';')
        {
            statementStarts |= Here is '\n' or ';';
            Step();
            return true;
        }

        return false;
    }

    /// <summary>Skips a quoted string or a here-string.</summary>
    private bool SkipString(out string? value)
    {
        value = null;
        if (Here == '@' && At(1) is '\'' or '"')
        {
            SkipTo("\n" + At(1) + "@");
            return true;
        }

        if (Here is not ('\'' or '"'))
        {
            return false;
        }

        var quote = Here;
        var text = new System.Text.StringBuilder();
        Step();
        while (_at < _text.Length)
        {
            if (Here == quote && At(1) != quote)
            {
                break;
            }

            if (Here == quote || (quote == '"' && Here == '`'))
            {
                Step();
            }

            text.Append(Here);
            Step();
        }

        Step();
        value = text.ToString();
        return true;
    }

    /// <summary>A run of other characters; a single one of punctuation.</summary>
    private string? Word()
    {
        var from = _at;
        while (_at < _text.Length && !char.IsWhiteSpace(Here) && !";{}(),|'\"#".Contains(Here, StringComparison.Ordinal))
        {
            Step();
        }

        if (_at == from)
        {
            Step();
        }

        return _text[from.._at];
    }

    private void SkipTo(string end)
    {
        var found = _text.IndexOf(end, _at + 2, StringComparison.Ordinal);
        var to = found < 0 ? _text.Length : found + end.Length;
        while (_at < to)
        {
            Step();
        }
    }

    private char At(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private void Step()
    {
        if (Here == '\n')
        {
            _line++;
        }

        _at++;
    }

    private sealed record Block(string Path, int Depth, bool LeftOut);
}
