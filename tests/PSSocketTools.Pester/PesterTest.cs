using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace PSSocketTools.Pester;

/// <summary>A Pester test as the test platform knows it.</summary>
internal static class PesterTest
{
    public const string ExecutorUri = "executor://pssockettools/pester";

    private static readonly Uri Executor = new(ExecutorUri);

    /// <summary>Makes a test case of a test's path of names, in the edition it runs in.</summary>
    public static TestCase Case(string source, string name, string file, int line) => new(name, Executor, source)
    {
        DisplayName = name,
        CodeFilePath = file,
        LineNumber = line,
    };
}
