using System.Globalization;
using System.Text.Json;

namespace PSSocketTools.Coverage;

/// <summary>The lines and branches of the sources, and which of them any of the runs came to.</summary>
internal sealed class CoverageData
{
    private readonly SortedDictionary<string, SourceFile> _files = new(StringComparer.Ordinal);

    public IEnumerable<SourceFile> Files => _files.Values;

    /// <summary>Adds what one run came to.</summary>
    /// <param name="path">A result in coverlet's own JSON.</param>
    /// <param name="root">The folder the sources were built in; names are relative to it.</param>
    /// <param name="withBranches">Whether its branches count: those of two builds of one file can't be told to be the same.</param>
    public void Add(string path, string root, bool withBranches)
    {
        using var result = JsonDocument.Parse(File.ReadAllBytes(path));
        foreach (var module in result.RootElement.EnumerateObject())
        {
            foreach (var file in module.Value.EnumerateObject())
            {
                var name = Path.GetRelativePath(root, file.Name).Replace('\\', '/');
                if (!name.StartsWith("src/", StringComparison.Ordinal) || name.Contains("/obj/", StringComparison.Ordinal))
                {
                    continue;
                }

                if (!_files.TryGetValue(name, out var source))
                {
                    _files.Add(name, source = new SourceFile(name));
                }

                foreach (var method in file.Value.EnumerateObject().SelectMany(static type => type.Value.EnumerateObject()))
                {
                    Add(source, method, withBranches);
                }
            }
        }
    }

    private static void Add(SourceFile source, JsonProperty method, bool withBranches)
    {
        foreach (var line in method.Value.GetProperty("Lines").EnumerateObject())
        {
            var number = int.Parse(line.Name, CultureInfo.InvariantCulture);
            source.Lines[number] = line.Value.GetInt32() > 0 || source.Lines.GetValueOrDefault(number);
        }

        if (!withBranches)
        {
            return;
        }

        foreach (var branch in method.Value.GetProperty("Branches").EnumerateArray())
        {
            var key = $"{method.Name} {branch.GetProperty("Line")} {branch.GetProperty("Offset")} {branch.GetProperty("Path")}";
            source.Branches[key] = branch.GetProperty("Hits").GetInt32() > 0 || source.Branches.GetValueOrDefault(key);
        }
    }
}

/// <summary>One file: whether each line that holds code, and each branch, was come to.</summary>
internal sealed class SourceFile(string name)
{
    public string Name { get; } = name;

    public string Folder { get; } = Path.GetDirectoryName(name)!.Replace('\\', '/');

    public SortedDictionary<int, bool> Lines { get; } = [];

    public Dictionary<string, bool> Branches { get; } = new(StringComparer.Ordinal);

    /// <summary>The runs of code that nothing came to, each from its first line to its last.</summary>
    public IEnumerable<(int First, int Last, int Lines)> UncoveredSpots()
    {
        var (first, last, count) = (0, 0, 0);
        foreach (var (line, isCovered) in Lines)
        {
            if (!isCovered)
            {
                (first, last, count) = (count == 0 ? line : first, line, count + 1);
            }
            else if (count > 0)
            {
                yield return (first, last, count);
                count = 0;
            }
        }

        if (count > 0)
        {
            yield return (first, last, count);
        }
    }
}
