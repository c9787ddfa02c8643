using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Text;
using PSSocketTools.Resources;

namespace PSSocketTools.Responders;

/// <summary>A script block as text, so that it is bound to no session, and what it takes from the caller's by $using:.</summary>
internal sealed class ResponderScript
{
    private const string UsingPrefix = "__using_";
    private const string FunctionDrive = "function";

    // The script's last output, which shows that it ran to its end: exit, and a break outside a loop, end the whole script.
    private static readonly object CameToItsEnd = new();

    private readonly string _text;
    private readonly Dictionary<string, object?> _variables = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _functions = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="script">The script block.</param>
    /// <param name="session">Where what it names with $using: is; read now.</param>
    /// <exception cref="SocketToolsException">InvalidOption: it names with $using: what does not exist.</exception>
    public ResponderScript(ScriptBlock script, SessionState session)
    {
        var ast = (ScriptBlockAst)script.Ast;
        var start = ast.Extent.StartOffset;
        var text = new StringBuilder(ast.Extent.Text);
        var usings = ast.FindAll(static a => a is UsingExpressionAst, searchNestedScriptBlocks: true)
            .Select(static a => UsingExpressionAst.ExtractUsingVariable((UsingExpressionAst)a))
            .OrderByDescending(static a => a.Extent.StartOffset);
        foreach (var variable in usings)
        {
            text.Remove(variable.Extent.StartOffset - start, variable.Extent.Text.Length);
            text.Insert(variable.Extent.StartOffset - start, Take(variable, session));
        }

        // The text of a literal script block includes its braces; that of one made of text or a file does not.
        var block = ast.Parent is ScriptBlockExpressionAst ? text.ToString() : "{" + text + "\n}";
        var call = ast.ProcessBlock is null ? $"$_ = $args[0]; & {block} $args[1]" : $"$args[0] | & {block} $args[1]";

        // Inside a try an error that ends a statement ends the script; one that ends nothing is written, and the script goes on.
        _text = $"$VerbosePreference = $DebugPreference = 'Continue'\ntry {{ {call} }} catch {{ throw }}\n$args[2]";
    }

    /// <summary>Has a PowerShell run it for a message.</summary>
    public void AddTo(PowerShell shell, ReceivedMessage message) =>
        shell.AddScript(_text, useLocalScope: true).AddArgument(message.Message).AddArgument(message).AddArgument(CameToItsEnd);

    /// <summary>Takes the mark of its end from its output; false when it is not there.</summary>
    public static bool TryRemoveEnd(IList<PSObject> output)
    {
        if (output.Count == 0 || !ReferenceEquals(output[output.Count - 1]?.BaseObject, CameToItsEnd))
        {
            return false;
        }

        output.RemoveAt(output.Count - 1);
        return true;
    }

    /// <summary>The session that it runs in: PowerShell's own commands, and what it takes from the caller's.</summary>
    public InitialSessionState ToSessionState()
    {
        var state = InitialSessionState.CreateDefault2();
        foreach (var variable in _variables)
        {
            // A script block would run where it was made, which is in the caller's session.
            var value = variable.Value is ScriptBlock block ? ScriptBlock.Create(block.ToString()) : variable.Value;
            state.Variables.Add(new SessionStateVariableEntry(variable.Key, value, null));
        }

        foreach (var function in _functions)
        {
            state.Commands.Add(new SessionStateFunctionEntry(function.Key, function.Value));
        }

        return state;
    }

    /// <summary>Reads what a variable with $using: names, and gives what stands for it in the script.</summary>
    private string Take(VariableExpressionAst variable, SessionState session)
    {
        var path = variable.VariablePath;
        var name = path.UserPath;
        if (path.IsDriveQualified && string.Equals(path.DriveName, FunctionDrive, StringComparison.OrdinalIgnoreCase))
        {
            name = name.Substring(FunctionDrive.Length + 1);
            var function = session.InvokeCommand.GetCommand(name, CommandTypes.Function) as FunctionInfo
                ?? throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("UsingFunctionMissing", name), name);
            _functions[function.Name] = function.Definition;
            return $"${{{FunctionDrive}:{function.Name}}}";
        }

        var value = session.PSVariable.Get(name)
            ?? throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("UsingVariableMissing", name), name);
        _variables[UsingPrefix + name] = value.Value;
        return variable.Splatted ? $"@{UsingPrefix}{name}" : $"${{{UsingPrefix}{name}}}";
    }
}
