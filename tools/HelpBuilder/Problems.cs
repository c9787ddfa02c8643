namespace PSSocketTools.HelpBuilder;

/// <summary>What is wrong with the sources, told as MSBuild tells errors: with file and line.</summary>
internal sealed class Problems
{
    public bool Any { get; private set; }

    public void Add(string path, int line, string problem)
    {
        Any = true;
        Console.WriteLine($"{path}({line}): error HELP: {problem}");
    }
}
