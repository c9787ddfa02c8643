using System.Globalization;
using System.Text;
using PSSocketTools.HelpBuilder;

// HelpBuilder <docs> <assembly of the cmdlets> <System.Management.Automation.dll> <output> [--write-pages]
var docs = Path.GetFullPath(args[0]);
var assembly = Path.GetFullPath(args[1]);
var output = Path.GetFullPath(args[3]);
var problems = new Problems();
var lines = new Lines(problems, writes: args is [_, _, _, _, "--write-pages"]);
using var catalog = new Catalog(assembly, Path.GetFullPath(args[2]));
var written = new List<(string Path, byte[] Content)>();

foreach (var folder in Directory.GetDirectories(docs).Where(f => IsCulture(Path.GetFileName(f))).Order(StringComparer.Ordinal))
{
    var culture = Path.GetFileName(folder);
    var source = new Source(folder, problems, lines);
    var pages = catalog.Cmdlets.Select(cmdlet => source.ReadPage(cmdlet)).OfType<HelpPage>().ToList();
    source.RefuseStrangers(catalog.Cmdlets);
    source.CheckIndex(pages);
    written.Add((Path.Combine(output, culture, Path.GetFileName(assembly) + "-Help.xml"), Maml.Write(pages)));
    foreach (var topic in source.Topics())
    {
        // Windows PowerShell takes a text file without a mark for one in the system's code page.
        var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: true);
        written.Add((
            Path.Combine(output, culture, Path.GetFileNameWithoutExtension(topic) + ".help.txt"),
            [.. text.GetPreamble(), .. text.GetBytes(AboutTopic.Write(topic, problems))]));
    }
}

if (problems.Any)
{
    return 1;
}

foreach (var (path, content) in written)
{
    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
    File.WriteAllBytes(path, content);
}

return 0;

static bool IsCulture(string name) => CultureInfo.GetCultures(CultureTypes.SpecificCultures).Any(c => c.Name == name);
