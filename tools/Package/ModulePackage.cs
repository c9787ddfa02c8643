using System.IO.Compression;
using System.Security;
using System.Text;

namespace PSSocketTools.Package;

/// <summary>The module as the PowerShell Gallery takes it: a NuGet package (OPC, ECMA-376 part 2), the same bytes whenever it is made of the same files.</summary>
internal static class ModulePackage
{
    private const string Id = "PSSocketTools";

    // The earliest time a zip file can hold: what a package contains has no date of its own.
    private static readonly DateTimeOffset NoDate = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes a package of the files below a folder.</summary>
    public static void Write(string path, string folder, ModuleManifest manifest)
    {
        using var zip = Create(path);
        Add(zip, "_rels/.rels", """
            <?xml version="1.0" encoding="utf-8"?>
            <Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
              <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/PSSocketTools.nuspec" Id="R1" />
            </Relationships>
            """);
        Add(zip, "[Content_Types].xml", ContentTypes(folder));
        Add(zip, $"{Id}.nuspec", Nuspec(manifest));
        AddFiles(zip, folder, FilesBelow(folder));
    }

    /// <summary>Writes a plain zip file of some files below a folder.</summary>
    public static void WriteZip(string path, string folder, IEnumerable<string> files)
    {
        using var zip = Create(path);
        AddFiles(zip, folder, files);
    }

    /// <summary>The files below a folder, in an order that is the same everywhere.</summary>
    public static IReadOnlyList<string> FilesBelow(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];

    private static ZipArchive Create(string path)
    {
        File.Delete(path);
        return ZipFile.Open(path, ZipArchiveMode.Create);
    }

    private static void AddFiles(ZipArchive zip, string folder, IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            Add(zip, file, File.ReadAllBytes(Path.Combine(folder, file)));
        }
    }

    private static void Add(ZipArchive zip, string name, string text) =>
        Add(zip, name, Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n") + "\n"));

    private static void Add(ZipArchive zip, string name, byte[] content)
    {
        var entry = zip.CreateEntry(name, CompressionLevel.SmallestSize);
        entry.LastWriteTime = NoDate;

        // The mode bits of the machine that packs are nobody's business.
        entry.ExternalAttributes = 0;
        using var stream = entry.Open();
        stream.Write(content);
    }

    private static string ContentTypes(string folder)
    {
        var extensions = FilesBelow(folder)
            .Select(static f => Path.GetExtension(f).TrimStart('.'))
            .Append("nuspec")
            .Distinct()
            .Order(StringComparer.Ordinal)
            .Select(static e => $"""  <Default Extension="{e}" ContentType="application/octet" />""");
        return $"""
            <?xml version="1.0" encoding="utf-8"?>
            <Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
              <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
            {string.Join('\n', extensions)}
            </Types>
            """;
    }

    /// <summary>The gallery finds a module's commands by these tags.</summary>
    private static string Nuspec(ModuleManifest manifest)
    {
        var tags = manifest.Tags
            .Append("PSModule")
            .Append("PSIncludes_Cmdlet")
            .Concat(manifest.Cmdlets.SelectMany(static c => new[] { $"PSCmdlet_{c}", $"PSCommand_{c}" }));
        return $"""
            <?xml version="1.0" encoding="utf-8"?>
            <package xmlns="http://schemas.microsoft.com/packaging/2011/08/nuspec.xsd">
              <metadata>
                <id>{Id}</id>
                <version>{manifest.Version}</version>
                <authors>{Escape(manifest.Author)}</authors>
                <owners>{Escape(manifest.Author)}</owners>
                <requireLicenseAcceptance>false</requireLicenseAcceptance>
                <licenseUrl>{Escape(manifest.LicenseUri)}</licenseUrl>
                <projectUrl>{Escape(manifest.ProjectUri)}</projectUrl>
                <description>{Escape(manifest.Description)}</description>
                <copyright>{Escape(manifest.Copyright)}</copyright>
                <tags>{Escape(string.Join(' ', tags))}</tags>
              </metadata>
            </package>
            """;
    }

    private static string Escape(string text) => SecurityElement.Escape(text);
}
