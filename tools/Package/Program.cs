using System.Diagnostics;
using System.Reflection;
using PSSocketTools.Package;

// Makes the module as it is published: a versioned folder, the package for the PowerShell Gallery, and the symbols apart.
const string Usage = "usage: dotnet run --project tools/Package [-- OUTPUT]; OUTPUT is artifacts/ in the repository by default.";
if (args is ["--help" or "-h"])
{
    Console.WriteLine(Usage);
    return 0;
}

if (args.Length > 1 || args is [['-', ..]])
{
    Console.Error.WriteLine(Usage);
    return 2;
}

var root = typeof(Program).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "RepositoryRoot").Value!;
var output = Path.GetFullPath(args.Length > 0 ? args[0] : Path.Combine(root, "artifacts"));
var manifest = ModuleManifest.Read(Path.Combine(root, "PSSocketTools.psd1"));
var folder = Path.Combine(output, "PSSocketTools", manifest.Version);
if (Directory.Exists(folder))
{
    Directory.Delete(folder, recursive: true);
}

var module = Path.Combine(folder, "module");
string[] sources = ["PSSocketTools.psd1", .. ModulePackage.FilesBelow(Path.Combine(root, "module")).Select(static f => "module/" + f)];
foreach (var file in sources.Where(static f => !f.StartsWith("module/bin/", StringComparison.Ordinal)))
{
    var copy = Path.Combine(folder, file);
    Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
    File.Copy(Path.Combine(root, file), copy);
}

// A build node that stays for the next build would hold the output of this program open after its end, for whoever reads it.
// Into a folder of its own, so that a module imported from the repository meanwhile keeps its files.
var build = Process.Start(new ProcessStartInfo("dotnet")
{
    ArgumentList =
    {
        "build", Path.Combine(root, "src", "PSSocketTools"), "--configuration", "Release", "--nologo", "--verbosity", "quiet", "-nodeReuse:false",
        "-property:ContinuousIntegrationBuild=true", $"-property:StagingRoot={module}{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}",
    },
})!;
build.WaitForExit();
if (build.ExitCode != 0)
{
    return build.ExitCode;
}

var symbols = ModulePackage.FilesBelow(folder).Where(static f => f.EndsWith(".pdb", StringComparison.Ordinal)).ToArray();
ModulePackage.WriteZip(Path.Combine(output, $"PSSocketTools.{manifest.Version}.symbols.zip"), folder, symbols);
foreach (var file in symbols)
{
    File.Delete(Path.Combine(folder, file));
}

var package = Path.Combine(output, $"PSSocketTools.{manifest.Version}.nupkg");
ModulePackage.Write(package, folder, manifest);
Console.WriteLine(folder);
Console.WriteLine(package);
return 0;
