using System.ComponentModel;
using System.Diagnostics;

namespace PSSocketTools.Bench;

/// <summary>Builds the servers written in Go, where Go is here.</summary>
internal static class Go
{
    /// <summary>Builds a program of <c>Peers/</c>.</summary>
    /// <returns>The program; without Go, the name of what is missing.</returns>
    public static string Build(string source)
    {
        var program = Path.Combine(Path.GetTempPath(), "pssockettools-bench-go-" + Path.GetFileNameWithoutExtension(source));
        try
        {
            using var go = Process.Start("go", ["build", "-o", program, Path.Combine(Workbench.Folder, "Peers", source)]);
            go.WaitForExit();
            return program;
        }
        catch (Win32Exception)
        {
            return "go";
        }
    }
}
