using System.ComponentModel;
using System.Diagnostics;

namespace PSSocketTools.Bench;

/// <summary>Builds the servers written in Go, where Go is here.</summary>
internal static class Go
{
    /// <summary>Builds a program of <c>Peers/</c>.</summary>
    /// <returns>The program; without Go, the name of what is missing.</returns>
    /// <exception cref="InvalidOperationException">Go does not take it: a program of an earlier run would be measured in its place.</exception>
    public static string Build(string source)
    {
        var program = Path.Combine(Path.GetTempPath(), "pssockettools-bench-go-" + Path.GetFileNameWithoutExtension(source));
        try
        {
            using var go = Process.Start("go", ["build", "-o", program, Path.Combine(Workbench.Folder, "Peers", source)]);
            go.WaitForExit();
            return go.ExitCode == 0 ? program : throw new InvalidOperationException($"go does not build {source}.");
        }
        catch (Win32Exception)
        {
            return "go";
        }
    }
}
