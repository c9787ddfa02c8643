using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Wait-EchoServer: waits until so many events have happened on a server since it started, and gives them out.</summary>
[Cmdlet(VerbsLifecycle.Wait, "EchoServer", DefaultParameterSetName = AsArgument, HelpUri = OnlinePages.Folder + "Wait-EchoServer.md")]
[OutputType(typeof(ServerEvent))]
public sealed class WaitEchoServerCommand : SelectorCommand
{
    // Two sets, so that $server | Wait-EchoServer Connected and Wait-EchoServer $server Connected both mean what they say.
    private const string FromPipeline = "Pipeline";
    private const string AsArgument = "Argument";
    private const int DefaultCount = 1;
    private const double DefaultTimeoutSec = 30;
    private readonly List<EchoServer> _servers = [];

    /// <summary>The server: by name, with wildcards, by id, or the object itself.</summary>
    [Parameter(ParameterSetName = FromPipeline, ValueFromPipeline = true)]
    [Parameter(ParameterSetName = AsArgument, Position = 0)]
    [ServerReferenceTransformation]
    [ValidateNotNull]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ServerNameOrIdCompleter))]
    public EchoServerReference? Server { get; set; }

    /// <summary>The kinds of events waited for.</summary>
    [Parameter(ParameterSetName = FromPipeline, Position = 0)]
    [Parameter(ParameterSetName = AsArgument, Position = 1)]
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

    /// <summary>How many of them, counted from the server's start, or from where -After says.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [PSDefaultValue(Value = DefaultCount)]
    public int Count { get; set; } = DefaultCount;

    /// <summary>How long to wait at most, in seconds.</summary>
    [Parameter]
    [ValidateRange(0.0, TimeLimit.HighestSeconds)]
    [PSDefaultValue(Value = DefaultTimeoutSec)]
    public double TimeoutSec { get; set; } = DefaultTimeoutSec;

    private protected override Sentences About => OfServers;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Server is null || Kind is null)
        {
            ThrowTerminating(new SocketToolsException(
                SocketToolsError.InvalidOption, EchoServerReference.WaitWhat(), Server is null ? nameof(Server) : nameof(Kind)));
        }

        foreach (var server in ResolveServers(new[] { Server!.Value }))
        {
            Wait(server);
        }
    }

    private void Wait(EchoServer server)
    {
        try
        {
            _servers.Add(server);
            EventSelection.RequirePlace(After, [.. _servers.Distinct()]);
            var query = EventSelection.ToQuery(Kind, Message, ConnectionId, RemoteAddress, After);
            var events = Await(server.WaitForEventsAsync(query, Count, TimeSpan.FromSeconds(TimeoutSec), StopToken));
            if (events.Count < Count)
            {
                WriteWarning(Messages.Get("EventsMissed", Count - events.Count));
            }

            WriteObject(events, enumerateCollection: true);
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
        }
    }
}
