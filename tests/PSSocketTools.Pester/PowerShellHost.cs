namespace PSSocketTools.Pester;

/// <summary>A PowerShell as its user has it: by PATH, with its own module path.</summary>
/// <param name="Name">What the results call it.</param>
/// <param name="Command">The program's name.</param>
/// <param name="File">Where it is; null where it was not found.</param>
/// <param name="IsDesktop">Whether it is Windows PowerShell.</param>
internal sealed record PowerShellHost(string Name, string Command, string? File, bool IsDesktop)
{
    /// <summary>How to get one, for the results and the console.</summary>
    public const string HowToGet = "Get PowerShell 7.4 or later from https://aka.ms/powershell (or 'dotnet tool install --global PowerShell') and, in it, Install-Module Pester.";

    /// <summary>Added to the names of tests that run in more than one edition, so that each result has its own.</summary>
    public string Suffix => IsDesktop ? $" [{Name}]" : string.Empty;

    /// <summary>The editions the suite runs in on this system, found or not.</summary>
    public static IReadOnlyList<PowerShellHost> OfThisSystem()
    {
        var core = new PowerShellHost("PowerShell", "pwsh", Find("pwsh"), IsDesktop: false);
        return OperatingSystem.IsWindows()
            ? [core, new PowerShellHost("Windows PowerShell", "powershell", Find("powershell"), IsDesktop: true)]
            : [core];
    }

    private static string? Find(string command)
    {
        var name = OperatingSystem.IsWindows() ? command + ".exe" : command;
        return (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder.Trim('"'), name))
            .FirstOrDefault(IsProgram);
    }

    private static bool IsProgram(string file) =>
        System.IO.File.Exists(file)
        && (OperatingSystem.IsWindows()
            || (System.IO.File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}
