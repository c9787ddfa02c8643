using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using PSSocketTools.Coverage;

// Runs all tests over instrumented assemblies, in a copy of the repository, and prints what they came to.
if (args.Length > 0)
{
    Console.Error.WriteLine("usage: dotnet run --project tools/Coverage");
    return 2;
}

const int ShownSpots = 20;

var root = Metadata("RepositoryRoot");
var copy = Directory.CreateTempSubdirectory("coverage-").FullName;
try
{
    // A copy, so that the module somebody works with is not the instrumented one, and nothing is left behind.
    foreach (var file in Output("git", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Split('\0', StringSplitOptions.RemoveEmptyEntries).Distinct())
    {
        if (File.Exists(Path.Combine(root, file)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(copy, file))!);
            File.Copy(Path.Combine(root, file), Path.Combine(copy, file));
        }
    }

    // The debugging symbols must name the sources where they are.
    if (Run("dotnet", copy, "build", "--verbosity", "quiet", "--nologo", "-property:PathMap=", "-property:DeterministicSourcePaths=false") != 0)
    {
        return 1;
    }

    var data = new CoverageData();
    (string Project, string Assembly, bool HasModernBuild)[] runs =
    [
        ("PSSocketTools.Core.Tests", "tests/PSSocketTools.Core.Tests/bin/Debug/net10.0/PSSocketTools.Core.Tests.dll", true),
        ("PSSocketTools.Tests", "tests/PSSocketTools.Tests/bin/Debug/net10.0/PSSocketTools.Tests.dll", true),
        ("PSSocketTools.Core.Tests.NetStandard", "tests/PSSocketTools.Core.Tests.NetStandard/bin/Debug/net10.0/PSSocketTools.Core.Tests.NetStandard.dll", false),
        ("PSSocketTools.Pester", "module/bin/net8.0/PSSocketTools.dll", true),
    ];
    foreach (var (project, assembly, hasModernBuild) in runs)
    {
        var result = Path.Combine(copy, project + ".json");
        var exitCode = Run(
            "dotnet", copy, "msbuild", Path.Combine(copy, "tools", "Coverage", "Measure.targets"), "-nologo", "-verbosity:minimal", "-target:Measure",
            $"-property:CoverletTasks={Metadata("CoverletTasks")}", $"-property:Instrumented={Path.Combine(copy, assembly)}",
            $"-property:TestProject={Path.Combine(copy, "tests", project)}", $"-property:Result={result}");
        if (exitCode != 0 || !File.Exists(result))
        {
            Console.Error.WriteLine($"{project} gave no coverage.");
            return 1;
        }

        data.Add(result, copy, withBranches: hasModernBuild);
    }

    Report(data);
    return 0;
}
finally
{
    Directory.Delete(copy, recursive: true);
}

static void Report(CoverageData data)
{
    Console.WriteLine();
    Console.WriteLine($"{"Folder",-46} {"Lines",14} {"",6} {"Branches",14} {"",6}");
    foreach (var folder in data.Files.GroupBy(static file => file.Folder).Append(data.Files.GroupBy(static _ => "all").Single()))
    {
        var lines = folder.SelectMany(static file => file.Lines.Values).ToArray();
        var branches = folder.SelectMany(static file => file.Branches.Values).ToArray();
        Console.WriteLine($"{folder.Key,-46} {Share(lines)} {Share(branches)}");
    }

    Console.WriteLine();
    Console.WriteLine($"The {ShownSpots} largest spots that no test came to:");
    var spots = data.Files.SelectMany(static file => file.UncoveredSpots().Select(spot => (file.Name, Spot: spot)));
    foreach (var (name, spot) in spots.OrderByDescending(static s => s.Spot.Lines).ThenBy(static s => s.Name, StringComparer.Ordinal).Take(ShownSpots))
    {
        Console.WriteLine($"{spot.Lines,4}  {name}:{spot.First}-{spot.Last}");
    }
}

static string Share(bool[] covered)
{
    var count = covered.Count(static c => c);
    var share = covered.Length == 0 ? string.Empty : string.Format(CultureInfo.InvariantCulture, "{0:0.0} %", 100.0 * count / covered.Length);
    return $"{$"{count} of {covered.Length}",14} {share,6}";
}

static int Run(string program, string folder, params string[] arguments)
{
    using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false })!;
    process.WaitForExit();
    return process.ExitCode;
}

static string Output(string program, string folder, params string[] arguments)
{
    using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true })!;
    var output = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed.");
}

static string Metadata(string key) =>
    typeof(CoverageData).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
