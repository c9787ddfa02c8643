using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed partial class MessagesTests
{
    public static TheoryData<string> Sources => [.. MessageFiles().Select(file => Path.GetRelativePath(Root(), file).Replace('\\', '/'))];

    [Theory]
    [MemberData(nameof(Sources))]
    public void Sentences_are_sorted_by_name_without_duplicates(string source)
    {
        var names = Sentences(Path.Combine(Root(), source)).Select(sentence => sentence.Name).ToList();

        Assert.Equal(names.Distinct().Order(StringComparer.OrdinalIgnoreCase), names);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Every_sentence_that_code_names_exists_and_every_sentence_is_used(string source)
    {
        var file = Path.Combine(Root(), source);
        var names = Sentences(file).Select(sentence => sentence.Name).ToHashSet();
        var project = Path.GetDirectoryName(Path.GetDirectoryName(file))!;
        var code = string.Concat(Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));

        Assert.Empty(Given().Matches(code).Select(match => match.Groups[1].Value).Except(names));
        // Some names reach Messages.Get through a parameter, so that any literal counts as a use.
        Assert.All(names, name => Assert.Contains($"\"{name}\"", code, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void The_Portuguese_has_the_same_sentences_with_the_same_values_in_them(string source)
    {
        var file = Path.Combine(Root(), source);

        Assert.Equal(Values(file), Values(Portuguese(file)));
        Assert.Equal(Sentences(file).Select(sentence => sentence.Name), Sentences(Portuguese(file)).Select(sentence => sentence.Name));
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void No_Portuguese_sentence_is_left_in_English(string source)
    {
        var file = Path.Combine(Root(), source);
        var english = Sentences(file).ToDictionary(sentence => sentence.Name, sentence => sentence.Text);

        var untranslated = Sentences(Portuguese(file)).Where(sentence => sentence.Text == english[sentence.Name] && HasWords(sentence.Text));

        Assert.Empty(untranslated);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Sentences_take_their_values_in_every_language(string source)
    {
        var file = Path.Combine(Root(), source);
        object[] values = [1, 2, 3, 4, 5, 6, 7];
        foreach (var sentence in Sentences(file).Concat(Sentences(Portuguese(file))))
        {
            // A sentence without values is no format, and may have braces.
            Assert.True(!Placeholder().IsMatch(sentence.Text) || string.Format(CultureInfo.InvariantCulture, Name().Replace(sentence.Text, "$1"), values).Length > 0);
        }
    }

    [Fact]
    public void The_engines_sentences_name_the_engines_options()
    {
        var assembly = typeof(EchoServer).Assembly;
        var has = assembly.GetExportedTypes()
            .SelectMany(type => type.GetMembers().Select(member => $"{type.Name}.{member.Name}").Append(type.Name))
            .Concat(assembly.GetExportedTypes()
                .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))
                .SelectMany(type => type.GetProperties())
                .Select(option => option.Name))
            .ToHashSet();
        var file = Path.Combine(Root(), "src", "PSSocketTools.Core", "Net", "Messages.resx");
        var sentences = Sentences(file).Concat(Sentences(Portuguese(file))).ToList();

        Assert.Empty(sentences.SelectMany(sentence => Name().Matches(sentence.Text)).Select(match => match.Groups[1].Value).Except(has));
        Assert.DoesNotContain(sentences, sentence => OfCmdlets().IsMatch(sentence.Text));
    }

    [Fact]
    public void A_name_in_a_sentence_is_replaced_by_the_programs_word()
    {
        Assert.EndsWith("Connect with UseTls.", PSSocketTools.Net.Messages.Get("ServerSpeaksTls", "x"), StringComparison.Ordinal);
        Assert.Equal("Framing LengthPrefix", PSSocketTools.Net.Messages.Name("Framing LengthPrefix"));
        Assert.Contains("{0}", PSSocketTools.Net.Messages.Get("ResponseFormatRefused", "x", "y"), StringComparison.Ordinal);
    }

    private static string[] MessageFiles() => Directory.GetFiles(Path.Combine(Root(), "src"), "Messages.resx", SearchOption.AllDirectories);

    private static IEnumerable<(string Name, string Text)> Sentences(string file) =>
        XDocument.Load(file).Root!.Elements("data").Select(data => ((string)data.Attribute("name")!, (string)data.Element("value")!));

    /// <summary>Each sentence's name, and the values in it.</summary>
    private static List<string> Values(string file) =>
        [.. Sentences(file)
            .Select(sentence => $"{sentence.Name}: {string.Join(' ', Placeholder().Matches(sentence.Text).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal))}")
            .Order(StringComparer.Ordinal)];

    private static string Portuguese(string file) => Path.ChangeExtension(file, ".pt-BR.resx");

    private static bool HasWords(string text) => Word().IsMatch(Placeholder().Replace(text, ""));

    private static string Root() => Upwards(AppContext.BaseDirectory);

    private static string Upwards(string folder) =>
        File.Exists(Path.Combine(folder, "PSSocketTools.sln"))
            ? folder
            : Upwards(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The tests run only from inside the repository."));

    [GeneratedRegex(@"\{\d+[^}]*\}")]
    private static partial Regex Placeholder();

    /// <summary>A name of the engine's, as in {UseTls}.</summary>
    [GeneratedRegex(@"(?<!\{)\{([A-Z][\w.]*)\}(?!\})")]
    private static partial Regex Name();

    /// <summary>A parameter, a cmdlet of ours or PowerShell: which the engine does not know.</summary>
    [GeneratedRegex(@"(?<![\w}])-([A-Z]|\{)|[A-Z][a-z]+-(Echo|Socket|Port|Available)[A-Z]?[a-z]+|PowerShell")]
    private static partial Regex OfCmdlets();

    [GeneratedRegex(@"Messages\.Get\(\s*""(\w+)""")]
    private static partial Regex Given();

    /// <summary>A word of any language: units are shorter.</summary>
    [GeneratedRegex(@"\p{L}{3}")]
    private static partial Regex Word();
}
