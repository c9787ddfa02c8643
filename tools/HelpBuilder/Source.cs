using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace PSSocketTools.HelpBuilder;

/// <summary>The sources of one culture. Their order has the meaning, so that headings and words are the translator's.</summary>
internal sealed class Source(string folder, Problems problems, Lines lines)
{
    private const int Sections = 8;

    private const string English = "en-US";

    /// <summary>What Get-Help shows in a line of 80 columns.</summary>
    private const int CodeWidth = 76;

    private readonly Facts _facts = new(Path.Combine(folder, "shared", "facts.txt"));

    private readonly Dictionary<string, Dictionary<string, Part>> _shared = [];

    /// <summary>Reads a cmdlet's page; null where it can't be read at all.</summary>
    public HelpPage? ReadPage(Cmdlet cmdlet)
    {
        var path = Path.Combine(folder, cmdlet.Name + ".md");
        if (!File.Exists(path))
        {
            problems.Add(path, 1, $"{cmdlet.Name} has no page.");
            return null;
        }

        var parts = Read(path);
        if (parts.Count != 1 || parts[0].Heading != cmdlet.Name)
        {
            problems.Add(path, 1, $"A page begins with the one heading '# {cmdlet.Name}'.");
            return null;
        }

        var sections = parts[0].Parts;
        if (sections.Count != Sections)
        {
            problems.Add(path, 1, $"A page has {Sections} sections, in this order: synopsis, description, examples, parameters, inputs, outputs, "
                + $"notes, links. This one has {sections.Count}.");
            return null;
        }

        var (synopsis, description, examples, parameters) = (sections[0], sections[1], sections[2], sections[3]);
        var (inputs, outputs, notes, links) = (sections[4], sections[5], sections[6], sections[7]);
        RequireText(path, [synopsis, description, notes]);
        var page = new HelpPage(
            cmdlet,
            Text.Of(synopsis.Blocks),
            Text.Of(description.Blocks),
            ReadExamples(path, examples),
            ReadParameters(path, parameters, cmdlet),
            ReadTypes(path, inputs),
            ReadTypes(path, outputs),
            Text.Of(notes.Blocks),
            // Get-Help -Online opens the first link that has an address.
            [OnlinePage(path, cmdlet), .. ReadLinks(path, links)]);
        var own = parameters.Parts.Select(part => part.Heading).ToHashSet();
        lines.Between(path, parameters.Line, NextTo(parameters, inputs), WebPage.Parameters(page, parameter => own.Contains("-" + parameter.Name), _facts));
        return page;
    }

    /// <summary>Refuses pages of cmdlets and parameters that do not exist.</summary>
    public void RefuseStrangers(IReadOnlyList<Cmdlet> cmdlets)
    {
        foreach (var path in Directory.GetFiles(folder, "*.md").Order(StringComparer.Ordinal).Except(Topics()).Where(path => path != Index))
        {
            if (!cmdlets.Any(cmdlet => cmdlet.Name == Path.GetFileNameWithoutExtension(path)))
            {
                problems.Add(path, 1, "There is no such cmdlet.");
            }
        }

        var pages = cmdlets.SelectMany(cmdlet => cmdlet.Parameters).Where(parameter => parameter.SharedPage is not null)
            .ToLookup(parameter => parameter.SharedPage!, parameter => parameter.Name);
        foreach (var path in Directory.GetFiles(SharedFolder, "*.md").Order(StringComparer.Ordinal))
        {
            var page = Path.GetFileNameWithoutExtension(path);
            foreach (var (name, part) in Shared(page).Where(entry => !pages[page].Contains(entry.Key)))
            {
                problems.Add(path, part.Line, $"{page} has no parameter -{name}.");
            }

            var title = Read(path)[0];
            var users = cmdlets.Where(cmdlet => cmdlet.Parameters.Any(parameter => parameter.SharedPage == page));
            lines.Between(path, title.Line, title.Parts[0].Line, WebPage.Users(users, _facts));
        }
    }

    /// <summary>Sees that the index of the folder tells of each page what it says of itself.</summary>
    public void CheckIndex(IEnumerable<HelpPage> pages) => lines.Index(
        Index,
        [
            .. pages.Select(page => WebPage.IndexLine(page.Cmdlet.Name, string.Join(' ', page.Synopsis))),
            .. Topics().Select(path => WebPage.IndexLine(Path.GetFileNameWithoutExtension(path), AboutTopic.Summary(path))),
        ]);

    public IEnumerable<string> Topics() => Directory.GetFiles(folder, "about_*.md").Order(StringComparer.Ordinal);

    private string Index => Path.Combine(folder, "README.md");

    private string SharedFolder => Path.Combine(folder, "shared");

    private List<Example> ReadExamples(string path, Part section)
    {
        var examples = new List<Example>();
        foreach (var part in section.Parts)
        {
            if (part.Blocks.FirstOrDefault() is not FencedCodeBlock { Info: "powershell" } code)
            {
                problems.Add(path, part.Line, "An example is a ```powershell block, and what it shows.");
                continue;
            }

            foreach (var (i, _) in Text.Of(code).Split('\n').Index().Where(entry => entry.Item.Length > CodeWidth))
            {
                problems.Add(path, code.Line + i + 2, $"A line of code is longer than {CodeWidth} characters.");
            }

            var remarks = Text.Of(part.Blocks.Skip(1));
            if (remarks.Count == 0)
            {
                problems.Add(path, part.Line, "What the example shows is not said.");
            }

            examples.Add(new Example(part.Heading, Text.Of(code), remarks));
        }

        if (examples.Count < 3)
        {
            problems.Add(path, section.Line, "A page has three examples or more.");
        }

        return examples;
    }

    private List<ParameterText> ReadParameters(string path, Part section, Cmdlet cmdlet)
    {
        var own = ByName(path, section.Parts);
        foreach (var stranger in own.Where(entry => !cmdlet.Parameters.Any(parameter => parameter.Name == entry.Key)))
        {
            problems.Add(path, stranger.Value.Line, $"{cmdlet.Name} has no parameter -{stranger.Key}.");
        }

        // As the page has them; then those that it shares with others.
        var order = own.Keys.ToList();
        var texts = new List<ParameterText>();
        foreach (var parameter in cmdlet.Parameters.OrderBy(parameter => (uint)order.IndexOf(parameter.Name)))
        {
            if (own.TryGetValue(parameter.Name, out var part))
            {
                texts.Add(ReadParameter(path, part, parameter));
            }
            else if (parameter.SharedPage is not null && Shared(parameter.SharedPage).TryGetValue(parameter.Name, out part))
            {
                texts.Add(ReadParameter(SharedPath(parameter.SharedPage), part, parameter));
            }
            else
            {
                problems.Add(path, section.Line, $"-{parameter.Name} is not described.");
            }
        }

        return texts;
    }

    private ParameterText ReadParameter(string path, Part part, Parameter parameter)
    {
        // What the assembly says is not said again. Of a default that comes about otherwise, and of what goes beside a constant, a
        // page says so in the list its description ends with.
        var list = part.Blocks.LastOrDefault() as ListBlock;
        var facts = list?.Cast<ListItemBlock>().Where(item => _facts.Tells(Plain(item))).ToList() ?? [];
        var blocks = facts.Count > 0 ? part.Blocks.SkipLast(1).ToList() : part.Blocks;
        if (blocks.Count == 0)
        {
            problems.Add(path, part.Line, $"-{parameter.Name} is not described.");
        }

        if (facts.Count > 0 && (facts.Count > 1 || list!.Count > 1 || !parameter.HasDefault || _facts.TellsRange(Plain(facts[0])) || Text.Codes(facts[0]).Any()))
        {
            problems.Add(path, facts[0].Line + 1, $"The default and the range of -{parameter.Name} are the assembly's to say. "
                + "A page has, in one line and in plain words, only a default that is no constant, or what goes beside it.");
        }
        else if (facts.Count == 0 && parameter.HasDefault && parameter.Default is null)
        {
            problems.Add(path, part.Line, $"-{parameter.Name} has a default that is no constant: its text ends with '- {_facts.Default("...")}'.");
        }

        var named = part.Blocks.SelectMany(Text.Codes).ToHashSet();
        foreach (var value in parameter.Values.Where(value => !named.Contains(value)))
        {
            problems.Add(path, part.Line, $"-{parameter.Name} takes `{value}`, and its text does not say so.");
        }

        var text = Text.Of(blocks);
        if (parameter.Range is { } range)
        {
            text = [.. text, _facts.Range(range.Lowest, range.Highest)];
        }

        var words = facts.Select(item => _facts.DefaultIn(Plain(item)));
        return new ParameterText(parameter, text, parameter.HasDefault ? string.Join("; ", new[] { parameter.Default }.OfType<string>().Concat(words)) : null);
    }

    private static string Plain(ListItemBlock item) => string.Join(' ', Text.Of((Block)item));

    private List<TypeText> ReadTypes(string path, Part section)
    {
        if (section.Parts.Count == 0)
        {
            problems.Add(path, section.Line, "Each type is a heading of its own; of none, the heading says None.");
        }

        return [.. section.Parts.Select(part => new TypeText(part.Heading, Text.Of(part.Blocks)))];
    }

    /// <summary>The page on the web in this language: the cmdlet tells where the English one is.</summary>
    private Link OnlinePage(string path, Cmdlet cmdlet)
    {
        var end = $"/{English}/{cmdlet.Name}.md";
        if (cmdlet.HelpUri?.EndsWith(end, StringComparison.Ordinal) != true)
        {
            problems.Add(path, 1, $"The HelpUri of {cmdlet.Name} ends with {end}.");
            return new Link(_facts.OnlineVersion, "");
        }

        return new Link(_facts.OnlineVersion, $"{cmdlet.HelpUri[..^end.Length]}/{Path.GetFileName(folder)}/{cmdlet.Name}.md");
    }

    private List<Link> ReadLinks(string path, Part section)
    {
        var links = section.Blocks.SelectMany(block => block.Descendants<LinkInline>()).ToList();
        if (links.Count == 0)
        {
            problems.Add(path, section.Line, "A page links to others.");
        }

        foreach (var link in links.Where(link => !link.Url!.Contains("://", StringComparison.Ordinal) && !File.Exists(Path.Combine(folder, link.Url))))
        {
            problems.Add(path, link.Line + 1, $"{link.Url} does not exist.");
        }

        return [.. links.Select(link => new Link(Text.Of(link), link.Url!.Contains("://", StringComparison.Ordinal) ? link.Url : ""))];
    }

    private void RequireText(string path, IEnumerable<Part> sections)
    {
        foreach (var section in sections.Where(section => section.Blocks.Count == 0))
        {
            problems.Add(path, section.Line, "The section has no text.");
        }
    }

    private string SharedPath(string page) => Path.Combine(SharedFolder, page + ".md");

    private Dictionary<string, Part> Shared(string page)
    {
        if (!_shared.TryGetValue(page, out var parts))
        {
            var path = SharedPath(page);
            parts = File.Exists(path) ? ByName(path, Read(path).SelectMany(part => part.Parts)) : [];
            _shared.Add(page, parts);
        }

        return parts;
    }

    private Dictionary<string, Part> ByName(string path, IEnumerable<Part> parts)
    {
        var named = new Dictionary<string, Part>();
        foreach (var part in parts)
        {
            if (!part.Heading.StartsWith('-') || !named.TryAdd(part.Heading[1..], part))
            {
                problems.Add(path, part.Line, "A parameter's heading is its name, as in -Port, once.");
            }
        }

        return named;
    }

    /// <summary>The line of the heading that comes next to a section's own.</summary>
    private static int NextTo(Part section, Part following) => section.Parts.FirstOrDefault()?.Line ?? following.Line;

    /// <summary>A document as the tree its headings make.</summary>
    private static List<Part> Read(string path)
    {
        var root = new Part("", 0, 0);
        var open = new Stack<Part>([root]);
        foreach (var block in Markdown.Parse(File.ReadAllText(path), Text.Pipeline))
        {
            if (block is not HeadingBlock heading)
            {
                open.Peek().Blocks.Add(block);
                continue;
            }

            while (open.Peek().Level >= heading.Level)
            {
                open.Pop();
            }

            var part = new Part(Text.Of(heading.Inline!), heading.Level, heading.Line + 1);
            open.Peek().Parts.Add(part);
            open.Push(part);
        }

        return root.Parts;
    }

    private sealed record Part(string Heading, int Level, int Line)
    {
        public List<Block> Blocks { get; } = [];

        public List<Part> Parts { get; } = [];
    }
}
