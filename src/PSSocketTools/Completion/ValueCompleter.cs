using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PSSocketTools.Completion;

/// <summary>Offers values that are known at the moment Tab is pressed, each with a word on what it is.</summary>
public abstract class ValueCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Matching(wordToComplete, Values().Select(static v => (v.Value, Quoted(v.Value), v.Tooltip)));

    /// <summary>The values, and what each is.</summary>
    protected abstract IEnumerable<(string Value, string Tooltip)> Values();

    /// <summary>A number as it is typed.</summary>
    private protected static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What of an offer begins with what was typed: its name, what Tab writes for it, and what it is.</summary>
    internal static IEnumerable<CompletionResult> Matching(string? wordToComplete, IEnumerable<(string Name, string Text, string Tooltip)> offered)
    {
        var typed = (wordToComplete ?? string.Empty).Trim('\'', '"');
        return offered
            .Where(o => o.Name.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .Select(static o => new CompletionResult(o.Text, o.Name, CompletionResultType.ParameterValue, o.Tooltip));
    }

    /// <summary>A name as an argument is written: in quotes too where PowerShell would read a number, which is an id, or a parameter.</summary>
    internal static string QuotedName(string name)
    {
        _ = Parser.ParseInput("x " + name, out var tokens, out _);
        return tokens[1].Kind is TokenKind.Number or TokenKind.Parameter ? InQuotes(name) : Quoted(name);
    }

    private static string Quoted(string value) =>
        value.Length == 0 || value.Any(static c => !char.IsLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':')) ? InQuotes(value) : value;

    private static string InQuotes(string value) => "'" + CodeGeneration.EscapeSingleQuotedStringContent(value) + "'";
}
