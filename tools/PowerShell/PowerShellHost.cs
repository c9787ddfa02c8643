using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace PSSocketTools.Tools;

/// <summary>A PowerShell that can import the module: the one on PATH, or else the .NET tool that the repository's tool manifest names.</summary>
/// <remarks>The tour, the Pester suite and the bench each compile this file, so that all of them run in the same PowerShell.</remarks>
internal sealed partial class PowerShellHost
{
    private const string WindowsPowerShellFile = "powershell";
    private const string Unhandled = "Unhandled exception: ";

    private static readonly Version Oldest = new(7, 4);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RestoreTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    private readonly string _file;
    private readonly string[] _arguments;
    private readonly string _folder;

    private PowerShellHost(string file, string[] arguments, string folder)
    {
        _file = file;
        _arguments = arguments;
        _folder = folder;
    }

    /// <summary>Finds a PowerShell 7.4 or later; gets the manifest's where there is none on PATH.</summary>
    /// <param name="root">The repository's root, whose tool manifest counts.</param>
    /// <param name="tell">Is given a line when a download begins, and one every ten seconds while it lasts.</param>
    /// <param name="missing">Why there is none, and what to do; null where there is one.</param>
    /// <returns>Null where there is none and none could be had within five minutes.</returns>
    public static PowerShellHost? Find(string root, Action<string> tell, out string? missing)
    {
        missing = null;
        var own = new PowerShellHost("pwsh", [], root);
        if (own.IsRecentEnough())
        {
            return own;
        }

        // What started this process names its dotnet, which need not be on PATH.
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var tool = new PowerShellHost(dotnet, ["tool", "run", "pwsh", "--"], root);
        if (tool.IsRecentEnough())
        {
            return tool;
        }

        tell($"There is no PowerShell 7.4 or later on PATH: 'dotnet tool restore' gets {ManifestVersion(root)}, once, about 70 MB.");
        var (succeeded, output) = ReadOutput(dotnet, ["tool", "restore"], root, RestoreTimeout, tell);
        if (succeeded && tool.IsRecentEnough())
        {
            return tool;
        }

        missing = $"There is no PowerShell 7.4 or later on PATH, and 'dotnet tool restore' got none ({Reason(output)}). "
            + "Get one from https://aka.ms/powershell, or run 'dotnet tool restore' where NuGet can be reached.";
        return null;
    }

    /// <summary>Finds Windows PowerShell, which Windows alone has.</summary>
    /// <param name="root">The repository's root, where it is started.</param>
    public static PowerShellHost WindowsPowerShell(string root) => new(WindowsPowerShellFile, [], root);

    /// <summary>How to start a script in it, in the repository's root.</summary>
    /// <param name="script">The script's path.</param>
    /// <param name="arguments">The script's arguments.</param>
    public ProcessStartInfo StartInfo(string script, params string[] arguments)
    {
        // On Windows the policy may forbid scripts that no one signed.
        string[] policy = OperatingSystem.IsWindows() ? ["-ExecutionPolicy", "Bypass"] : [];
        var start = StartInfo(_file, [.. _arguments, "-NoLogo", "-NoProfile", .. policy, "-File", script, .. arguments], _folder);
        start.Environment["POWERSHELL_UPDATECHECK"] = "Off";
        if (_file == WindowsPowerShellFile)
        {
            // Started from within PowerShell 7, it would look for its modules among that one's.
            start.Environment.Remove("PSModulePath");
        }

        return start;
    }

    private bool IsRecentEnough() =>
        ReadOutput(_file, [.. _arguments, "-NoLogo", "-NoProfile", "--version"], _folder, AnswerTimeout, null) is (true, var text)
        && VersionNumber().Match(text) is { Success: true } match
        && Version.Parse(match.Value) >= Oldest;

    [GeneratedRegex(@"\d+\.\d+\.\d+")]
    private static partial Regex VersionNumber();

    private static string ManifestVersion(string root)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, ".config", "dotnet-tools.json")));
        return "PowerShell " + manifest.RootElement.GetProperty("tools").GetProperty("powershell").GetProperty("version").GetString();
    }

    /// <summary>The line of a failed restore that says why.</summary>
    private static string Reason(string output)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var reason = lines.FirstOrDefault(static line => line.Contains("error", StringComparison.OrdinalIgnoreCase))
            ?? lines.FirstOrDefault(static line => line.StartsWith(Unhandled, StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? "it said nothing";
        return (reason.StartsWith(Unhandled, StringComparison.Ordinal) ? reason[Unhandled.Length..] : reason).TrimEnd('.');
    }

    /// <summary>Runs a program to its end; fails where it is missing, fails itself, or takes too long.</summary>
    /// <returns>Whether it succeeded, and what it wrote; after a failure both its streams.</returns>
    private static (bool Succeeded, string Output) ReadOutput(string file, string[] arguments, string folder, TimeSpan timeout, Action<string>? tell)
    {
        var start = StartInfo(file, arguments, folder);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            var begun = Stopwatch.StartNew();
            while (!process.WaitForExit(ProgressInterval < timeout ? ProgressInterval : timeout))
            {
                if (begun.Elapsed >= timeout)
                {
                    process.Kill(entireProcessTree: true);
                    return (false, $"no end after {timeout.TotalSeconds:0} s");
                }

                tell?.Invoke($"... {begun.Elapsed.TotalSeconds:0} s");
            }

            var succeeded = process.ExitCode == 0;
            return (succeeded, output.GetAwaiter().GetResult() + (succeeded ? string.Empty : errors.GetAwaiter().GetResult()));
        }
        catch (Win32Exception exception)
        {
            return (false, exception.Message);
        }
    }

    private static ProcessStartInfo StartInfo(string file, string[] arguments, string folder) =>
        new(file, arguments) { WorkingDirectory = folder, UseShellExecute = false };
}
