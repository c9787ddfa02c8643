using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace PSSocketTools.HelpBuilder;

/// <summary>Markdown as plain text.</summary>
internal static class Text
{
    /// <summary>Markdown as it is, and where each word stands.</summary>
    public static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePreciseSourceLocation().Build();

    /// <summary>The paragraphs, the items of lists and the code, each as a paragraph; code keeps its lines.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<Block> blocks) => [.. blocks.SelectMany(Of)];

    /// <summary>What stands in `code` within a block.</summary>
    public static IEnumerable<string> Codes(Block block) =>
        (block is LeafBlock leaf ? leaf.Inline?.Descendants<CodeInline>() ?? [] : block.Descendants<CodeInline>()).Select(code => code.Content);

    public static string Of(CodeBlock code) => code.Lines.ToString().TrimEnd();

    public static string Of(ContainerInline inlines) => string.Concat(inlines.Select(inline => inline switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        HtmlEntityInline entity => entity.Transcoded.ToString(),
        AutolinkInline link => link.Url,
        LineBreakInline => " ",
        ContainerInline container => Of(container),
        _ => throw new NotSupportedException($"{inline.GetType().Name} in line {inline.Line + 1}"),
    }));

    public static IEnumerable<string> Of(Block block) => block switch
    {
        LeafBlock { Inline: { } inline } => [Of(inline)],
        CodeBlock code => [Of(code)],
        ListBlock list => list.SelectMany((item, i) =>
            Of(item).Select((text, j) => j > 0 ? "  " + text : list.IsOrdered ? $"{i + 1}. {text}" : "- " + text)),
        ContainerBlock container => Of(container.AsEnumerable()),
        _ => throw new NotSupportedException($"{block.GetType().Name} in line {block.Line + 1}"),
    };
}
