using System.Text;
using PSSocketTools.Tour;

// Accents and emoji reach a Windows console only this way; elsewhere this is the default.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

var root = FindRepository(AppContext.BaseDirectory);
if (root is null)
{
    Console.Error.WriteLine("The tour plays what the repository's build staged. Run it from there: dotnet run --project samples/Tour");
    return 1;
}

if (args is not ["--core"])
{
    if (PowerShellHost.Find(root) is { } powerShell)
    {
        return powerShell.Run(Path.Combine(AppContext.BaseDirectory, "Tour.ps1"), Path.Combine(root, PowerShellHost.Manifest));
    }

    Console.WriteLine("No PowerShell 7.4 or later here (get it from https://aka.ms/powershell, or with: dotnet tool install --global PowerShell), so the tour is in C#.");
}

return CoreTour.Play();

static string? FindRepository(string folder)
{
    for (var candidate = new DirectoryInfo(folder); candidate is not null; candidate = candidate.Parent)
    {
        if (File.Exists(Path.Combine(candidate.FullName, PowerShellHost.Manifest)))
        {
            return candidate.FullName;
        }
    }

    return null;
}
