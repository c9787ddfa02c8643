using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Lifetime;

namespace PSSocketTools.Commands;

/// <summary>What the cmdlets share that work on running servers: how the user says which.</summary>
public abstract class ServerSelectorCommand : SelectorCommand
{
    /// <summary>The parameter set that takes the servers themselves.</summary>
    protected const string ByServer = "Server";

    /// <summary>The parameter set that takes ports.</summary>
    protected const string ByPort = "Port";

    /// <summary>The servers: by name, with wildcards, by id, or the objects themselves.</summary>
    [Parameter(ParameterSetName = ByServer, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ServerNameOrIdCompleter))]
    public object[]? Server { get; set; }

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

    private protected override Sentences About => OfServers;

    /// <summary>What came down the pipeline beside the servers that were written, or those.</summary>
    private protected IEnumerable<EchoServer> SelectServers(object? fromPipeline) => fromPipeline is null
        ? SelectServers()
        : ResolveServers(new[] { fromPipeline });

    /// <summary>The servers chosen; those that are not there are errors. All that run when nothing is said.</summary>
    protected IEnumerable<EchoServer> SelectServers(PortRange[]? ports = null)
    {
        if (Server is not null)
        {
            return ResolveServers(Server);
        }

        var running = Running.Servers.All();
        return ParameterSetName switch
        {
            ById => Id!.SelectMany(id => Match(running, s => s.Id == id, ById, id)),
            ByName => Name!.SelectMany(name => MatchName(running, s => s.Name, name)),
            ByPort => ports!.SelectMany(port => Match(running, s => port.Contains(s.Port), ByPort, port.Count == 1 ? port.First : port)),
            _ => running,
        };
    }
}
