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
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var typed = (wordToComplete ?? string.Empty).Trim('\'', '"');
        return Values()
            .Where(v => v.Value.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .Select(static v => new CompletionResult(Quoted(v.Value), v.Value, CompletionResultType.ParameterValue, v.Tooltip));
    }

    /// <summary>The values, and what each is.</summary>
    protected abstract IEnumerable<(string Value, string Tooltip)> Values();

    /// <summary>A number as it is typed.</summary>
    private protected static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Quoted(string value) =>
        value.Any(static c => !char.IsLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':'))
            ? "'" + CodeGeneration.EscapeSingleQuotedStringContent(value) + "'"
            : value;
}
