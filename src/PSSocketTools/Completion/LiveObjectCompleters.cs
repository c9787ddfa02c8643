using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using PSSocketTools.Lifetime;

namespace PSSocketTools.Completion;

/// <summary>Offers what runs by its name where the object itself is wanted, as the command that gets it.</summary>
public abstract class LiveObjectCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public virtual IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        ValueCompleter.Matching(wordToComplete, Objects());

    /// <summary>Each object's name, the command that gets it, and what it is.</summary>
    protected abstract IEnumerable<(string Name, string Command, string Tooltip)> Objects();

    /// <summary>The command that gets an object.</summary>
    private protected static string Get(string cmdlet, int id) => string.Format(CultureInfo.InvariantCulture, "({0} -Id {1})", cmdlet, id);
}

/// <summary>Offers the servers that run.</summary>
public sealed class ServerCompleter : LiveObjectCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string Command, string Tooltip)> Objects() =>
        Running.Servers.All().Select(static s => (s.Name, Get("Get-EchoServer", s.Id), $"{s.Name}, {s.EndPoint}, {s.State}"));
}

/// <summary>Offers the faults that servers have where -Fault asks for them; by position the servers, which fit there too.</summary>
public sealed class FaultCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        (commandAst ?? throw new ArgumentNullException(nameof(commandAst))).CommandElements.OfType<CommandParameterAst>()
            .Any(one => parameterName.StartsWith(one.ParameterName, StringComparison.OrdinalIgnoreCase))
            ? ValueCompleter.Matching(wordToComplete, Running.Faults().Select(static one => (
                one.Fault.ToString(),
                string.Format(CultureInfo.InvariantCulture, "(Get-EchoServerFault -Id {0})", one.Fault.Id),
                $"{one.Server.Name}, {one.Fault}, {one.Fault.When}")))
            : string.IsNullOrEmpty(wordToComplete)
                ? new ServerNameOrIdCompleter().CompleteArgument(commandName, parameterName, wordToComplete, commandAst, fakeBoundParameters)

                // Once something is typed, PowerShell asks for -Server too; only null lets its offers stand alone.
                : null!;
}

/// <summary>Offers the connections that servers have open.</summary>
public sealed class ConnectionCompleter : LiveObjectCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string Command, string Tooltip)> Objects() =>
        Running.Connections().Select(static c => (
            c.ToString(),
            string.Format(CultureInfo.InvariantCulture, "(Get-EchoConnection -Id {0} -ConnectionId {1})", c.ServerId, c.ConnectionId),
            $"{c}, {c.State}"));
}

/// <summary>Offers the sessions that are open.</summary>
public sealed class SessionCompleter : LiveObjectCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string Command, string Tooltip)> Objects() =>
        Running.Sessions.All().Select(static s => (s.Name, Get("Get-EchoSession", s.Id), $"{s.Name}, {s.RemoteEndPoint}, {s.State}"));
}
