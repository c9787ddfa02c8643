using System.Management.Automation;

namespace PSSocketTools.Commands;

/// <summary>Get-EchoServerEvent: what happened on servers, and what happens.</summary>
[Cmdlet(VerbsCommon.Get, "EchoServerEvent", DefaultParameterSetName = ByServer)]
[OutputType(typeof(ServerEvent))]
public sealed class GetEchoServerEventCommand : ServerSelectorCommand
{
    /// <summary>The kinds of events wanted; all by default.</summary>
    [Parameter]
    public ServerEventKind[]? Kind { get; set; }

    /// <summary>How many of the latest events of each server, 1 or more; all by default.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Last { get; set; }

    /// <summary>The time of the earliest event wanted.</summary>
    [Parameter]
    public DateTimeOffset? Since { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var server in SelectServers())
        {
            WriteObject(server.GetEvents(Kind, Since, Last), enumerateCollection: true);
        }
    }
}
