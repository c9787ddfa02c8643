using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Get-EchoServerEvent: what happened on servers, and with -Wait what happens.</summary>
[Cmdlet(VerbsCommon.Get, "EchoServerEvent", DefaultParameterSetName = ByServer, HelpUri = OnlinePages.Folder + "Get-EchoServerEvent.md")]
[OutputType(typeof(ServerEvent))]
public sealed class GetEchoServerEventCommand : ServerSelectorCommand
{
    private readonly List<EchoServer> _servers = [];

    /// <summary>What comes down the pipeline, so that a kind may stand first behind it: $server | Get-EchoServerEvent Connected.</summary>
    [Parameter(ParameterSetName = ByServer, ValueFromPipeline = true, DontShow = true)]
    [ValidateNotNull]
    public object? InputObject { get; set; }

    /// <summary>The kinds of events wanted; all by default.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public ServerEventKind[]? Kind { get; set; }

    /// <summary>What their text is like; wildcards are allowed, and the case does not matter.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Message { get; set; }

    /// <summary>The numbers of the connections they are of.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public int[]? ConnectionId { get; set; }

    /// <summary>The addresses and CIDR blocks of the clients they are of.</summary>
    [Parameter]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    public string[]? RemoteAddress { get; set; }

    /// <summary>The event, its number, or the time after which they happened.</summary>
    [Parameter]
    [EventPositionTransformation]
    [ValidateNotNull]
    public EventPosition? After { get; set; }

    /// <summary>How many of the latest events, 1 or more; all by default.</summary>
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
    protected override void BeginProcessing()
    {
        if (Server is null || !MyInvocation.ExpectingInput)
        {
            return;
        }

        // The servers come down the pipeline, so that what stands in their place is the kinds.
        if (Kind is not null || Array.Exists(Server, static one => EchoServerReference.ToKind(one) is null))
        {
            ThrowTerminating(new SocketToolsException(
                SocketToolsError.InvalidOption, Messages.Get("EventsOfWhich", string.Join(", ", typeof(ServerEventKind).GetEnumNames())), nameof(Server)));
        }

        Kind = Array.ConvertAll(Server, static one => (ServerEventKind)LanguagePrimitives.ConvertTo(EchoServerReference.ToKind(one), typeof(ServerEventKind), null));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _servers.AddRange(SelectServers(InputObject));

    /// <inheritdoc/>
    /// <remarks>The servers have one timeline, so that nothing is given out before all of them are known.</remarks>
    protected override void EndProcessing()
    {
        var servers = _servers.Distinct().ToArray();
        try
        {
            EventSelection.RequirePlace(After, servers);
            var query = EventSelection.ToQuery(Kind, Message, ConnectionId, RemoteAddress, After) with { Since = Since, Last = Last };
            var followers = new ServerEventFollower[servers.Length];
            var events = ServerEventTimeline.Merge(servers.Select((server, i) => server.GetEvents(query, out followers[i])));
            foreach (var one in Last is { } last ? events.Skip(events.Count - last) : events)
            {
                WriteEvent(one, servers.Length > 1);
            }

            if (Wait)
            {
                WriteEvents(followers, query, servers.Length > 1);
            }
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
    }
}
