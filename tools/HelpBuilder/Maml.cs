using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace PSSocketTools.HelpBuilder;

/// <summary>Pages as MAML, the form in which PowerShell takes the help of compiled cmdlets.</summary>
internal static class Maml
{
    private static readonly XNamespace Msh = "http://msh";
    private static readonly XNamespace Text = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static byte[] Write(IEnumerable<HelpPage> pages)
    {
        var document = new XDocument(new XElement(
            Msh + "helpItems",
            new XAttribute("schema", "maml"),
            new XAttribute(XNamespace.Xmlns + "maml", Text),
            new XAttribute(XNamespace.Xmlns + "command", Command),
            new XAttribute(XNamespace.Xmlns + "dev", Dev),
            pages.Select(Page)));
        using var stream = new MemoryStream();
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n", NewLineHandling = NewLineHandling.Replace };
        using (var writer = XmlWriter.Create(stream, settings))
        {
            document.Save(writer);
        }

        return stream.ToArray();
    }

    private static XElement Page(HelpPage page)
    {
        var texts = page.Parameters.ToDictionary(text => text.Parameter);
        return new XElement(
            Command + "command",
            new XElement(
                Command + "details",
                new XElement(Command + "name", page.Cmdlet.Name),
                new XElement(Command + "verb", page.Cmdlet.Verb),
                new XElement(Command + "noun", page.Cmdlet.Noun),
                new XElement(Text + "description", Paragraphs(page.Synopsis))),
            new XElement(Text + "description", Paragraphs(page.Description)),
            new XElement(Command + "syntax", page.Cmdlet.Sets.Select(set => new XElement(
                Command + "syntaxItem",
                new XElement(Text + "name", page.Cmdlet.Name),
                page.Cmdlet.InSet(set).Where(entry => texts.ContainsKey(entry.Parameter))
                    .Select(entry => Parameter(texts[entry.Parameter], entry.Usage, inSyntax: true))))),
            new XElement(Command + "parameters", page.Parameters.Select(text => Parameter(text, General(text.Parameter), inSyntax: false))),
            new XElement(Command + "inputTypes", page.Inputs.Select(type => Type("inputType", type))),
            new XElement(Command + "returnValues", page.Outputs.Select(type => Type("returnValue", type))),
            new XElement(Text + "alertSet", new XElement(Text + "alert", Paragraphs(page.Notes))),
            new XElement(Command + "examples", page.Examples.Select((example, i) => new XElement(
                Command + "example",
                new XElement(Text + "title", $"----- {i + 1}: {example.Title} -----"),
                new XElement(Dev + "code", example.Code),
                // An empty paragraph keeps the next title apart.
                new XElement(Dev + "remarks", Paragraphs([.. example.Remarks, ""]))))),
            new XElement(Command + "relatedLinks", page.Links.Select(link => new XElement(
                Text + "navigationLink",
                new XElement(Text + "linkText", link.Text),
                new XElement(Text + "uri", link.Uri)))));
    }

    private static XElement Parameter(ParameterText text, Usage usage, bool inSyntax)
    {
        var parameter = text.Parameter;
        return new XElement(
            Command + "parameter",
            new XAttribute("required", usage.IsMandatory),
            new XAttribute("variableLength", true),
            new XAttribute("globbing", parameter.HasWildcards),
            new XAttribute("pipelineInput", usage.PipelineInput),
            new XAttribute("position", usage.Position?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "named"),
            new XAttribute("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)),
            new XElement(Text + "name", parameter.Name),
            new XElement(Text + "description", Paragraphs(text.Text)),
            inSyntax && parameter.Values.Count > 0
                ? new XElement(Command + "parameterValueGroup", parameter.Values.Select(value => Value(value, isRequired: false)))
                : null,
            inSyntax && parameter.IsSwitch ? null : Value(parameter.Type, isRequired: !parameter.IsSwitch),
            new XElement(Dev + "type", new XElement(Text + "name", parameter.Type), new XElement(Text + "uri")),
            new XElement(Dev + "defaultValue", parameter.IsSwitch ? "False" : text.Default ?? ""));
    }

    private static XElement Value(string value, bool isRequired) =>
        new(Command + "parameterValue", new XAttribute("required", isRequired), new XAttribute("variableLength", false), value);

    /// <summary>A parameter over all its sets: it must be given only where each says so, and takes what any takes.</summary>
    private static Usage General(Parameter parameter)
    {
        var usages = parameter.Sets.Values;
        return new Usage(
            usages.All(usage => usage.IsMandatory),
            usages.Select(usage => usage.Position).FirstOrDefault(position => position is not null),
            usages.Any(usage => usage.ByValue),
            usages.Any(usage => usage.ByPropertyName));
    }

    private static XElement Type(string element, TypeText type) => new(
        Command + element,
        new XElement(Dev + "type", new XElement(Text + "name", type.Name)),
        new XElement(Text + "description", Paragraphs(type.Text)));

    private static IEnumerable<XElement> Paragraphs(IEnumerable<string> paragraphs) =>
        paragraphs.Select(paragraph => new XElement(Text + "para", paragraph));
}
