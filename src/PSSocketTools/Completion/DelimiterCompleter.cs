using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PSSocketTools.Completion;

/// <summary>Offers delimiters that protocols have, as they are written in PowerShell.</summary>
public sealed class DelimiterCompleter : IArgumentCompleter
{
    private static readonly (string Text, string Name)[] Known =
    [
        ("\"`0\"", "NUL"),
        ("0x03", "ETX"),
        ("0x1E", "RS"),
        ("';'", ";"),
        ("'|'", "|"),
        ("\"`r`n`r`n\"", "CR LF CR LF"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Known
            .Where(known => known.Text.StartsWith(wordToComplete ?? string.Empty, StringComparison.OrdinalIgnoreCase))
            .Select(static known => new CompletionResult(known.Text, known.Text, CompletionResultType.ParameterValue, known.Name));
}
