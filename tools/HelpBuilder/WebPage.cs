using System.Text;

namespace PSSocketTools.HelpBuilder;

/// <summary>
/// What a source has for those who read it on the web as it stands, where no build has added to it: of a cmdlet its syntax, and of
/// its parameters their types, defaults and ranges, with the way to those that a shared page describes. The build compares it, or writes it.
/// </summary>
internal static class WebPage
{
    private const int Width = 100;

    private const string Indent = "    ";

    /// <summary>What stands between the heading of a page's parameters and the first of them.</summary>
    /// <param name="page">The page.</param>
    /// <param name="isOwn">Whether a parameter is described on the page itself.</param>
    /// <param name="facts">The language's words.</param>
    public static IReadOnlyList<string> Parameters(HelpPage page, Func<Parameter, bool> isOwn, Facts facts) =>
    [
        "```text",
        .. page.Cmdlet.Sets.Select(set => Syntax(page.Cmdlet, set)).SelectMany(Wrapped),
        "```",
        "",
        .. Table(page, isOwn, facts),
    ];

    /// <summary>What stands between the heading of a shared page and its first parameter.</summary>
    public static IReadOnlyList<string> Users(IEnumerable<Cmdlet> cmdlets, Facts facts) =>
        [facts.ParametersOf(string.Join(", ", cmdlets.Select(cmdlet => $"[{cmdlet.Name}](../{cmdlet.Name}.md)")))];

    /// <summary>A line of a culture's index.</summary>
    public static string IndexLine(string name, string summary) => $"- [{name}]({name}.md): {summary}";

    private static List<string> Table(HelpPage page, Func<Parameter, bool> isOwn, Facts facts)
    {
        var lines = new List<string> { Row(facts.Columns), Row(facts.Columns.Select(_ => "---")) };
        foreach (var text in page.Parameters)
        {
            var parameter = text.Parameter;
            var place = isOwn(parameter) ? "" : $"shared/{parameter.SharedPage}.md";
            var range = parameter.Range is { } limits ? facts.Range(limits.Lowest, limits.Highest) : null;
            lines.Add(Row(
            [
                $"[-{parameter.Name}]({place}#-{parameter.Name.ToLowerInvariant()})",
                $"`{parameter.Type}`",
                text.Default is null ? "" : Plain(text.Default),
                range is null ? "" : facts.RangeIn(range),
            ]));
        }

        return lines;
    }

    private static string Row(IEnumerable<string> cells) => $"|{string.Concat(cells.Select(cell => cell.Length == 0 ? " |" : $" {cell} |"))}";

    /// <summary>Text that Markdown takes as it is.</summary>
    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            plain.Append(character is '|' or '*' or '_' or '`' or '<' or '[' or '\\' ? $"\\{character}" : character.ToString());
        }

        return plain.ToString();
    }

    /// <summary>The parts of a line that stay whole.</summary>
    private static IEnumerable<string> Syntax(Cmdlet cmdlet, string set) =>
    [
        cmdlet.Name,
        .. cmdlet.InSet(set).Select(entry => Syntax(entry.Parameter, entry.Usage)),
        "[<CommonParameters>]",
    ];

    private static string Syntax(Parameter parameter, Usage usage)
    {
        var name = usage.Position is null ? $"-{parameter.Name}" : $"[-{parameter.Name}]";
        var whole = parameter.IsSwitch ? name : $"{name} <{parameter.Type}>";
        return usage.IsMandatory ? whole : $"[{whole}]";
    }

    private static IEnumerable<string> Wrapped(IEnumerable<string> parts)
    {
        var line = new StringBuilder();
        foreach (var part in parts)
        {
            if (line.Length > 0 && line.Length + 1 + part.Length > Width)
            {
                yield return line.ToString();
                line.Clear().Append(Indent).Append(part);
            }
            else
            {
                line.Append(line.Length == 0 ? "" : " ").Append(part);
            }
        }

        yield return line.ToString();
    }
}
