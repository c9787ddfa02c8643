using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace PSSocketTools.Tests.Resources;

public sealed partial class MessagesTests
{
    public static TheoryData<string> Sources => [.. MessageFiles().Select(file => Path.GetRelativePath(Root(), file).Replace('\\', '/'))];

    [Theory]
    [MemberData(nameof(Sources))]
    public void Sentences_are_sorted_by_their_name_and_none_is_said_twice(string source)
    {
        var names = Sentences(Path.Combine(Root(), source)).Select(sentence => sentence.Name).ToList();

        Assert.Equal(names.Distinct().Order(StringComparer.OrdinalIgnoreCase), names);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_translation_has_the_same_sentences_with_the_same_values_in_them(string source)
    {
        var file = Path.Combine(Root(), source);
        var english = Values(file);
        foreach (var translation in Directory.EnumerateFiles(Path.GetDirectoryName(file)!, "Messages.*.resx"))
        {
            Assert.Equal(english, Values(translation));
        }
    }

    private static string[] MessageFiles() => Directory.GetFiles(Path.Combine(Root(), "src"), "Messages.resx", SearchOption.AllDirectories);

    private static IEnumerable<(string Name, string Text)> Sentences(string file) =>
        XDocument.Load(file).Root!.Elements("data").Select(data => ((string)data.Attribute("name")!, (string)data.Element("value")!));

    /// <summary>Each sentence's name with the values it has room for.</summary>
    private static List<string> Values(string file) =>
        [.. Sentences(file)
            .Select(sentence => $"{sentence.Name}: {string.Join(' ', Placeholder().Matches(sentence.Text).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal))}")
            .Order(StringComparer.Ordinal)];

    private static string Root() => Upwards(AppContext.BaseDirectory);

    private static string Upwards(string folder) =>
        File.Exists(Path.Combine(folder, "PSSocketTools.sln"))
            ? folder
            : Upwards(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The tests run only from inside the repository."));

    [GeneratedRegex(@"\{\d+[^}]*\}")]
    private static partial Regex Placeholder();
}
