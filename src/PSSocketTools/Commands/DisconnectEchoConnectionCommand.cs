using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Disconnect-EchoConnection: ends the connections of a server's clients, in order or by a reset.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "EchoConnection", SupportsShouldProcess = true, HelpUri = OnlinePages.Folder + "Disconnect-EchoConnection.md")]
public sealed class DisconnectEchoConnectionCommand : SocketCommand
{
    private const double DefaultTimeoutSec = 5;

    private readonly List<Task> _ending = [];

    /// <summary>The connections.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ConnectionTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public EchoConnection[]? Connection { get; set; }

    /// <summary>Throws the connection away (RST) instead of ending it in order (FIN).</summary>
    [Parameter]
    public SwitchParameter Reset { get; set; }

    /// <summary>How long a connection may take to send what is pending before it is reset, in seconds.</summary>
    [Parameter]
    [ValidateRange(0.0, TimeLimit.HighestSeconds)]
    [PSDefaultValue(Value = DefaultTimeoutSec)]
    public double TimeoutSec { get; set; } = DefaultTimeoutSec;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Connection is null)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("DisconnectConnectionWhat"), nameof(Connection)));
        }

        foreach (var connection in Connection!)
        {
            if (ShouldProcess(connection.ToString(), Messages.Get("ActionDisconnectConnection")))
            {
                _ending.Add(connection.CloseAsync(Reset ? TimeSpan.Zero : TimeSpan.FromSeconds(TimeoutSec)));
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Await(Task.WhenAll(_ending));
}
