using System.Text.RegularExpressions;

namespace PSSocketTools.Package;

/// <summary>What a package says of the module, read from its manifest, which is static data.</summary>
internal sealed partial class ModuleManifest
{
    private readonly string _text;

    private ModuleManifest(string text) => _text = text;

    public string Version => Value("ModuleVersion");

    public string Author => Value("Author");

    public string Description => Value("Description");

    public string Copyright => Value("Copyright");

    public string LicenseUri => Value("LicenseUri");

    public string ProjectUri => Value("ProjectUri");

    public IEnumerable<string> Tags => List("Tags");

    public IEnumerable<string> Cmdlets => List("CmdletsToExport");

    public static ModuleManifest Read(string path) => new(File.ReadAllText(path));

    private string Value(string name)
    {
        var match = Regex.Match(_text, $@"(?m)^\s*{name}\s*=\s*'(?<value>(?:[^']|'')*)'");
        return match.Success
            ? match.Groups["value"].Value.Replace("''", "'", StringComparison.Ordinal)
            : throw new InvalidDataException($"The manifest has no {name}.");
    }

    private IEnumerable<string> List(string name)
    {
        var match = Regex.Match(_text, $@"(?s)\b{name}\s*=\s*@\((?<items>.*?)\)");
        return match.Success
            ? Items().Matches(match.Groups["items"].Value).Select(static m => m.Groups[1].Value)
            : throw new InvalidDataException($"The manifest has no {name}.");
    }

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Items();
}
