using System.Management.Automation;

namespace PSSocketTools.Commands;

/// <summary>Get-EchoServerEvent: what happened on servers, and with -Wait what happens.</summary>
[Cmdlet(VerbsCommon.Get, "EchoServerEvent", DefaultParameterSetName = ByServer)]
[OutputType(typeof(ServerEvent))]
public sealed class GetEchoServerEventCommand : ServerSelectorCommand
{
    private readonly List<ServerEventFollower> _followers = [];

    /// <summary>The kinds of events wanted; all by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public ServerEventKind[]? Kind { get; set; }

    /// <summary>How many of the latest events of each server, 1 or more; all by default.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Last { get; set; }

    /// <summary>The time of the earliest event wanted.</summary>
    [Parameter]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Goes on with events as they happen, until the servers stop or Ctrl+C.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var server in SelectServers())
        {
            var events = server.GetEvents(out var follower, Kind, Since, Last);
            WriteObject(events, enumerateCollection: true);
            _followers.Add(follower);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Wait)
        {
            WriteEvents(_followers, Kind);
        }
    }
}
