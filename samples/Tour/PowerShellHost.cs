using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace PSSocketTools.Tour;

/// <summary>A PowerShell that can import the module: the user's own, or else the one the repository's tool manifest names.</summary>
internal sealed partial class PowerShellHost
{
    /// <summary>The module's manifest, at the repository's root.</summary>
    public const string Manifest = "PSSocketTools.psd1";

    private static readonly Version Oldest = new(7, 4);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RestoreTimeout = TimeSpan.FromSeconds(10);

    private readonly string _file;
    private readonly string[] _arguments;
    private readonly string _folder;

    private PowerShellHost(string file, string[] arguments, string folder)
    {
        _file = file;
        _arguments = arguments;
        _folder = folder;
    }

    /// <summary>Finds one; null where there is none and none can be had within seconds.</summary>
    /// <param name="root">The repository's root, whose tool manifest counts.</param>
    public static PowerShellHost? Find(string root)
    {
        var own = new PowerShellHost("pwsh", [], root);
        if (own.IsRecentEnough())
        {
            return own;
        }

        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var tool = new PowerShellHost(dotnet, ["tool", "run", "pwsh", "--"], root);
        if (tool.IsRecentEnough())
        {
            return tool;
        }

        return ReadOutput(dotnet, ["tool", "restore"], root, RestoreTimeout) is not null && tool.IsRecentEnough() ? tool : null;
    }

    /// <summary>Plays a script in this terminal.</summary>
    /// <param name="script">The script's path.</param>
    /// <param name="arguments">What it is given.</param>
    /// <returns>The script's exit code.</returns>
    public int Run(string script, params string[] arguments)
    {
        using var process = Process.Start(StartInfo(_file, [.. _arguments, "-NoLogo", "-NoProfile", "-File", script, .. arguments], _folder))!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private bool IsRecentEnough() =>
        ReadOutput(_file, [.. _arguments, "-NoLogo", "-NoProfile", "--version"], _folder, AnswerTimeout) is { } text
        && VersionNumber().Match(text) is { Success: true } match
        && Version.Parse(match.Value) >= Oldest;

    [GeneratedRegex(@"\d+\.\d+\.\d+")]
    private static partial Regex VersionNumber();

    /// <summary>What a program writes; null where it is missing, fails, or takes too long.</summary>
    private static string? ReadOutput(string file, string[] arguments, string folder, TimeSpan timeout)
    {
        var start = StartInfo(file, arguments, folder);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            var output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(timeout))
            {
                process.Kill(entireProcessTree: true);
                return null;
            }

            return process.ExitCode == 0 ? output.GetAwaiter().GetResult() : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static ProcessStartInfo StartInfo(string file, string[] arguments, string folder) =>
        new(file, arguments) { WorkingDirectory = folder, UseShellExecute = false };
}
