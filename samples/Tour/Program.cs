using System.Diagnostics;
using System.Text;
using PSSocketTools.Tools;
using PSSocketTools.Tour;

// Accents and emoji reach a Windows console only this way; elsewhere this is the default.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

const string Manifest = "PSSocketTools.psd1";

var root = FindRepository(AppContext.BaseDirectory);
if (root is null)
{
    Console.Error.WriteLine("The tour plays what the repository's build staged. Run it from there: dotnet run --project samples/Tour");
    return 1;
}

if (args is not ["--core"])
{
    if (PowerShellHost.Find(root, Console.WriteLine, out var missing) is { } powerShell)
    {
        using var tour = Process.Start(powerShell.StartInfo(Path.Combine(AppContext.BaseDirectory, "Tour.ps1"), Path.Combine(root, Manifest)))!;
        tour.WaitForExit();
        return tour.ExitCode;
    }

    Console.WriteLine($"{missing} The tour is in C# instead.");
}

return CoreTour.Play();

static string? FindRepository(string folder)
{
    for (var candidate = new DirectoryInfo(folder); candidate is not null; candidate = candidate.Parent)
    {
        if (File.Exists(Path.Combine(candidate.FullName, Manifest)))
        {
            return candidate.FullName;
        }
    }

    return null;
}
