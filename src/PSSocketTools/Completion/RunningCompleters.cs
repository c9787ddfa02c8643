using System.Management.Automation;
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
