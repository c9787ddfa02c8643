namespace PSSocketTools.HelpBuilder;

/// <summary>What is wrong with the sources, told as MSBuild tells errors: with file and line.</summary>
internal sealed class Problems
{
    private readonly HashSet<string> _told = [];

    public bool Any => _told.Count > 0;

    public void Add(string path, int line, string problem)
    {
        // Several cmdlets meet the same one where they share a page.
        var text = $"{path}({line}): error HELP: {problem}";
        if (_told.Add(text))
        {
            Console.WriteLine(text);
        }
    }
}
