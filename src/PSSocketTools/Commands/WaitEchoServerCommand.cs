using System.Management.Automation;

namespace PSSocketTools.Commands;

/// <summary>Wait-EchoServer: waits until so many events have happened on a server since it started, and gives them out.</summary>
[Cmdlet(VerbsLifecycle.Wait, "EchoServer")]
[OutputType(typeof(ServerEvent))]
public sealed class WaitEchoServerCommand : SocketCommand
{
    /// <summary>The server.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public EchoServer? Server { get; set; }

    /// <summary>The kinds of events waited for.</summary>
    [Parameter(Position = 1, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public ServerEventKind[]? Kind { get; set; }

    /// <summary>How many of them, counted from the server's start, 1 or more; 1 by default.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    /// <summary>How long to wait at most, in seconds, 0 to 86,400; 30 by default.</summary>
    [Parameter]
    [ValidateRange(0.0, 86400.0)]
    public double TimeoutSec { get; set; } = 30;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            WriteObject(Await(Server!.WaitForEventsAsync(Kind!, Count, TimeSpan.FromSeconds(TimeoutSec), StopToken)), enumerateCollection: true);
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
        }
    }
}
