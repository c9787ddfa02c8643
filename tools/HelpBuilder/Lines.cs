namespace PSSocketTools.HelpBuilder;

/// <summary>Lines of a source that are the build's: compared with what they should be, or written.</summary>
internal sealed class Lines(Problems problems, bool writes)
{
    private const string Way = "dotnet build src/PSSocketTools -f net8.0 -p:WritePages=true";

    /// <summary>Sees to the lines behind a heading and before the next one.</summary>
    /// <param name="path">The source.</param>
    /// <param name="heading">The line of the heading, counted from 1.</param>
    /// <param name="next">The line of the next heading.</param>
    /// <param name="wanted">What stands there, without the empty lines around it.</param>
    public void Between(string path, int heading, int next, IReadOnlyList<string> wanted)
    {
        var lines = File.ReadAllLines(path);
        string[] expected = ["", .. wanted, ""];
        if (lines.AsSpan(heading..(next - 1)).SequenceEqual(expected))
        {
            return;
        }

        if (!writes)
        {
            problems.Add(path, heading, $"What the build writes below this heading is not what the cmdlets are now. To write it: {Way}");
            return;
        }

        File.WriteAllText(path, string.Join('\n', [.. lines[..heading], .. expected, .. lines[(next - 1)..], ""]));
    }

    /// <summary>Sees to the lines of an index, each of which begins with a link to a page of its folder.</summary>
    /// <param name="path">The index.</param>
    /// <param name="wanted">Its lines, each once, in whatever order.</param>
    public void Index(string path, IReadOnlyCollection<string> wanted)
    {
        var lines = File.Exists(path) ? File.ReadAllLines(path) : [];
        var missing = wanted.ToDictionary(Start);
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("- [", StringComparison.Ordinal))
            {
                continue;
            }

            if (!missing.Remove(Start(lines[i]), out var line))
            {
                problems.Add(path, i + 1, $"There is no such page, or it is told of twice: {lines[i]}");
            }
            else if (line != lines[i] && writes)
            {
                lines[i] = line;
            }
            else if (line != lines[i])
            {
                problems.Add(path, i + 1, $"The page says of itself: {line}. To write it: {Way}");
            }
        }

        foreach (var line in missing.Values)
        {
            problems.Add(path, lines.Length + 1, $"A page is not told of: {line}");
        }

        if (writes && lines.Length > 0)
        {
            File.WriteAllText(path, string.Join('\n', [.. lines, ""]));
        }
    }

    private static string Start(string line) => line.Split(')')[0];
}
