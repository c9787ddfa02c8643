using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>What the cmdlets share that work on running servers: how the user says which.</summary>
public abstract class ServerSelectorCommand : SocketCommand
{
    /// <summary>The parameter set that takes the servers themselves.</summary>
    protected const string ByServer = "Server";

    /// <summary>The parameter set that takes numbers.</summary>
    protected const string ById = "Id";

    /// <summary>The parameter set that takes names.</summary>
    protected const string ByName = "Name";

    /// <summary>The parameter set that takes ports.</summary>
    protected const string ByPort = "Port";

    /// <summary>The servers.</summary>
    [Parameter(ParameterSetName = ByServer, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EchoServer[]? Server { get; set; }

    /// <summary>The servers' numbers.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [ArgumentCompleter(typeof(ServerIdCompleter))]
    [ValidateNotNullOrEmpty]
    public int[]? Id { get; set; }

    /// <summary>The servers' names; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = ByName, Mandatory = true)]
    [ArgumentCompleter(typeof(ServerNameCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    /// <summary>The servers chosen; those that are not there are errors. All that run when nothing is said.</summary>
    protected IEnumerable<EchoServer> SelectServers(int[]? ports = null)
    {
        if (Server is not null)
        {
            return Server;
        }

        var running = Running.Servers.All();
        return ParameterSetName switch
        {
            ById => Id!.SelectMany(id => Match(running, s => s.Id == id, "Id", id)),
            ByName => Name!.SelectMany(name => MatchName(running, name)),
            ByPort => ports!.SelectMany(port => Match(running, s => s.Port == port, "Port", port)),
            _ => running,
        };
    }

    private IEnumerable<EchoServer> MatchName(EchoServer[] running, string name)
    {
        var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        var found = running.Where(s => pattern.IsMatch(s.Name));
        return WildcardPattern.ContainsWildcardCharacters(name) ? found : Match(running, s => pattern.IsMatch(s.Name), "Name", name);
    }

    private EchoServer[] Match(EchoServer[] running, Func<EchoServer, bool> isMatch, string what, object value)
    {
        var found = running.Where(isMatch).ToArray();
        if (found.Length == 0)
        {
            WriteError(new SocketToolsException(SocketToolsError.NotFound, Messages.Get("ServerNotFound", what, value), value));
        }

        return found;
    }
}
