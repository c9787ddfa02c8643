using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PSSocketTools.Tests;

/// <summary>Starts these tests as a program, behind another one that sets the stage for it.</summary>
internal static class TestProcess
{
    /// <summary>The arguments that start it: the program dotnet, then its own.</summary>
    public static IReadOnlyList<string> CommandLine { get; } =
    [
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet")), "exec", typeof(ChildProgram).Assembly.Location,
    ];

    /// <summary>Starts a program whose input and output are the caller's.</summary>
    public static Process Start(string program, IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
