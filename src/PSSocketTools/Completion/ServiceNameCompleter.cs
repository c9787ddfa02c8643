using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PSSocketTools.Completion;

/// <summary>Completes a port with the names of the services the system knows.</summary>
public sealed class ServiceNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        foreach (var name in ServiceNames.Names)
        {
            if (name.StartsWith(wordToComplete ?? string.Empty, StringComparison.OrdinalIgnoreCase)
                && ServiceNames.TryGetPort(name, out var port))
            {
                var number = port.ToString(CultureInfo.InvariantCulture);
                yield return new CompletionResult(name, $"{name} ({number})", CompletionResultType.ParameterValue, number);
            }
        }
    }
}
