using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using PSSocketTools.Lifetime;

namespace PSSocketTools.Completion;

/// <summary>Offers the numbers of the servers that run.</summary>
public sealed class ServerIdCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        Running.Servers.All().Select(static s => (Text(s.Id), $"{s.Name}, {s.EndPoint}, {s.State}"));
}

/// <summary>Offers the names of the servers that run.</summary>
public sealed class ServerNameCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        Running.Servers.All().Select(static s => (WildcardPattern.Escape(s.Name), $"{s.EndPoint}, {s.State}"));
}

/// <summary>
/// Offers the servers that run by their names; of several with one name each by its number. To Get-EchoServerEvent behind a pipeline,
/// which brings the servers, it offers the kinds of events.
/// </summary>
public sealed class ServerNameOrIdCompleter : NameOrIdCompleter
{
    /// <inheritdoc/>
    public override IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        string.Equals(commandName, "Get-EchoServerEvent", StringComparison.OrdinalIgnoreCase)
        && commandAst?.Parent is PipelineAst pipeline && pipeline.PipelineElements[0] != commandAst
            ? ValueCompleter.Matching(wordToComplete, typeof(ServerEventKind).GetEnumNames().Select(static name => (name, name, name)))
            : base.CompleteArgument(commandName, parameterName, wordToComplete, commandAst!, fakeBoundParameters);

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, int Id, string Tooltip)> Named() =>
        Running.Servers.All().Select(static s => (s.Name, s.Id, $"{s.Name}, {s.EndPoint}, {s.State}"));
}

/// <summary>Offers the sessions that are open by their names; of several with one name each by its number.</summary>
public sealed class SessionNameOrIdCompleter : NameOrIdCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, int Id, string Tooltip)> Named() =>
        Running.Sessions.All().Select(static s => (s.Name, s.Id, $"{s.Name}, {s.RemoteEndPoint}, {s.State}"));
}

/// <summary>Offers what runs by what names it alone.</summary>
public abstract class NameOrIdCompleter : LiveObjectCompleter
{
    /// <summary>Each object's name and number, and what it is.</summary>
    protected abstract IEnumerable<(string Name, int Id, string Tooltip)> Named();

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string Command, string Tooltip)> Objects() => Named()
        .GroupBy(static one => one.Name, StringComparer.OrdinalIgnoreCase)
        .SelectMany(static named => named.Select(one => named.Skip(1).Any() ? ById(one.Id, one.Tooltip) : ByName(one.Name, one.Tooltip)));

    private static (string Name, string Command, string Tooltip) ById(int id, string tooltip)
    {
        var text = id.ToString(CultureInfo.InvariantCulture);
        return (text, text, tooltip);
    }

    private static (string Name, string Command, string Tooltip) ByName(string name, string tooltip)
    {
        var pattern = WildcardPattern.Escape(name);
        return (pattern, ValueCompleter.QuotedName(pattern), tooltip);
    }
}

/// <summary>Offers the ports of the servers that run.</summary>
public sealed class ServerPortCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        Running.Servers.All().Where(static s => s.Port > 0).Select(static s => (Text(s.Port), $"{s.Name}, {s.Protocol}, {s.State}"));
}

/// <summary>Offers the numbers of the connections that servers have open.</summary>
public sealed class ConnectionIdCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        Running.Connections().Select(static c => (Text(c.ConnectionId), $"{c}, {c.State}"));
}

/// <summary>Offers the numbers of the faults that servers have.</summary>
public sealed class FaultIdCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        Running.Faults().Select(static one => (Text(one.Fault.Id), $"{one.Server.Name}, {one.Fault}, {one.Fault.When}"));
}

/// <summary>Offers the numbers of the open sessions.</summary>
public sealed class SessionIdCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        Running.Sessions.All().Select(static s => (Text(s.Id), $"{s.Name}, {s.RemoteEndPoint}, {s.State}"));
}

/// <summary>Offers the names of the open sessions.</summary>
public sealed class SessionNameCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        Running.Sessions.All().Select(static s => (WildcardPattern.Escape(s.Name), $"{s.RemoteEndPoint}, {s.State}"));
}
