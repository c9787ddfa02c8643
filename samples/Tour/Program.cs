using System.Diagnostics;
using System.Reflection;
using System.Text;
using PSSocketTools.Tools;
using PSSocketTools.Tour;

// Accents and emoji reach a Windows console only this way; elsewhere this is the default.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

if (args is not ["--core"])
{
    // Where it was built, and the build staged the module.
    var root = typeof(CoreTour).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "RepositoryRoot").Value!;
    var manifest = Path.Combine(root, "PSSocketTools.psd1");
    if (!File.Exists(manifest))
    {
        Console.Error.WriteLine($"The tour plays what the build staged, and {manifest} is not there any more. Run it from the repository: dotnet run --project samples/Tour");
        return 1;
    }

    if (PowerShellHost.Find(root, Console.WriteLine, out var missing) is { } powerShell)
    {
        using var tour = Process.Start(powerShell.StartInfo(Path.Combine(AppContext.BaseDirectory, "Tour.ps1"), manifest))!;
        tour.WaitForExit();
        return tour.ExitCode;
    }

    Console.WriteLine($"{missing} The tour is in C# instead.");
}

return CoreTour.Play();
