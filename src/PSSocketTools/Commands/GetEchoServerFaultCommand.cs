using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Lifetime;

namespace PSSocketTools.Commands;

/// <summary>Get-EchoServerFault: the faults that servers of this process have on purpose.</summary>
[Cmdlet(VerbsCommon.Get, "EchoServerFault", DefaultParameterSetName = ByServer, HelpUri = OnlinePages.Folder + "Get-EchoServerFault.md")]
[OutputType(typeof(EchoServerFault))]
public sealed class GetEchoServerFaultCommand : FaultSelectorCommand
{
    /// <summary>The servers: by name, with wildcards, by id, or the objects themselves; all by default.</summary>
    [Parameter(ParameterSetName = ByServer, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ServerNameOrIdCompleter))]
    public object[]? Server { get; set; }

    /// <summary>The faults' numbers.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FaultIdCompleter))]
    public int[]? Id { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var faults = Id is not null ? SelectFaults(Id)
            : (Server is null ? Running.Servers.All() : ResolveServers(Server)).SelectMany(static server => server.GetFaults());
        WriteObject(faults, enumerateCollection: true);
    }
}
