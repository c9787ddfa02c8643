using System.Text;
using Markdig;
using Markdig.Syntax;

namespace PSSocketTools.HelpBuilder;

/// <summary>An about_ topic as the text Get-Help shows as it is: wrapped here, since nothing wraps it later.</summary>
internal static class AboutTopic
{
    private const int Width = 80;
    private const int Indent = 4;

    /// <summary>Writes the topic. PowerShell takes its fifth line for the summary: after name, nothing, heading, nothing.</summary>
    public static string Write(string path, Problems problems)
    {
        var blocks = Markdown.Parse(File.ReadAllText(path), Text.Pipeline).ToList();
        var name = Path.GetFileNameWithoutExtension(path);
        if (blocks is not [HeadingBlock { Level: 1 } title, HeadingBlock { Level: 2 }, ParagraphBlock summary, ..] || Text.Of(title.Inline!) != name
            || Text.Of(summary.Inline!).Length > Width - Indent)
        {
            problems.Add(path, 1, $"A topic begins with '# {name}', a heading of the second level, and a summary of one line of {Width - Indent} characters.");
            return "";
        }

        var text = new StringBuilder();
        foreach (var block in blocks)
        {
            if (text.Length > 0)
            {
                text.Append('\n');
            }

            switch (block)
            {
                case HeadingBlock heading:
                    text.Append(heading.Level == 2 ? Text.Of(heading.Inline!).ToUpperInvariant() : Text.Of(heading.Inline!)).Append('\n');
                    break;
                case CodeBlock code:
                    foreach (var (i, line) in Text.Of(code).Split('\n').Index())
                    {
                        text.Append((new string(' ', 2 * Indent) + line).TrimEnd()).Append('\n');
                        if (2 * Indent + line.Length > Width)
                        {
                            problems.Add(path, code.Line + i + 2, $"A line of code is longer than {Width - 2 * Indent} characters.");
                        }
                    }

                    break;
                default:
                    foreach (var paragraph in Text.Of(block))
                    {
                        Wrap(text, paragraph, block is ListBlock ? 2 : 0);
                    }

                    break;
            }
        }

        return text.ToString();
    }

    /// <summary>The topic's summary; empty where it has none, which <see cref="Write"/> refuses.</summary>
    public static string Summary(string path) =>
        Markdown.Parse(File.ReadAllText(path), Text.Pipeline) is [_, _, ParagraphBlock summary, ..] ? Text.Of(summary.Inline!) : "";

    private static void Wrap(StringBuilder text, string paragraph, int hanging)
    {
        var column = Indent;
        text.Append(' ', Indent);
        var isFirst = true;
        foreach (var word in paragraph.Split(' '))
        {
            if (!isFirst && column + 1 + word.Length > Width)
            {
                column = Indent + hanging;
                text.Append('\n').Append(' ', column);
            }
            else if (!isFirst)
            {
                text.Append(' ');
                column++;
            }

            text.Append(word);
            column += word.Length;
            isFirst = false;
        }

        text.Append('\n');
    }
}
