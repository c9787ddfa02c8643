using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Remove-EchoServerFault: ends faults, and lets go what they stall or delay.</summary>
[Cmdlet(VerbsCommon.Remove, "EchoServerFault", DefaultParameterSetName = ByFault, SupportsShouldProcess = true, HelpUri = OnlinePages.Folder + "Remove-EchoServerFault.md")]
[OutputType(typeof(EchoServerFault))]
public sealed class RemoveEchoServerFaultCommand : FaultSelectorCommand
{
    private const string ByFault = "Fault";

    /// <summary>The faults.</summary>
    [Parameter(ParameterSetName = ByFault, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FaultCompleter))]
    public EchoServerFault[]? Fault { get; set; }

    /// <summary>The servers that lose all of theirs: by name, with wildcards, by id, or the objects themselves.</summary>
    [Parameter(ParameterSetName = ByServer, Position = 0, ValueFromPipeline = true, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ServerNameOrIdCompleter))]
    public object[]? Server { get; set; }

    /// <summary>The faults' numbers.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FaultIdCompleter))]
    public int[]? Id { get; set; }

    /// <summary>Gives the removed faults out.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var faults = ParameterSetName switch
        {
            ById => SelectFaults(Id!),
            ByServer => ResolveServers(Server!).SelectMany(static server => server.GetFaults()),
            _ => Fault,
        };
        if (faults is null)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("RemoveFaultWhat"), nameof(Fault)));
        }

        foreach (var fault in faults!)
        {
            if (ShouldProcess($"{fault} ({fault.When})", Messages.Get("ActionRemoveFault")))
            {
                _ = fault.Remove();
                if (PassThru)
                {
                    WriteObject(fault);
                }
            }
        }
    }
}
