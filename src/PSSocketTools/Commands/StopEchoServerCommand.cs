using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Stop-EchoServer: ends servers, in order or at once.</summary>
[Cmdlet(VerbsLifecycle.Stop, "EchoServer", DefaultParameterSetName = ByServer, SupportsShouldProcess = true, HelpUri = OnlinePages.Folder + "Stop-EchoServer.md")]
[OutputType(typeof(EchoServer))]
public sealed class StopEchoServerCommand : ServerSelectorCommand
{
    /// <summary>The servers' ports: numbers, ranges ('7007-7009'), service names ('echo').</summary>
    [Parameter(ParameterSetName = ByPort, Mandatory = true)]
    [PortRangesTransformation]
    [ArgumentCompleter(typeof(ServerPortCompleter))]
    public PortRange[]? Port { get; set; }

    /// <summary>How long connections may take to send pending responses, in seconds.</summary>
    [Parameter]
    [ValidateRange(0.0, TimeLimit.HighestSeconds)]
    [PSDefaultValue(Value = EchoServer.DefaultStopTimeoutSeconds)]
    public double TimeoutSec { get; set; } = EchoServer.DefaultStopTimeoutSeconds;

    /// <summary>Closes all connections at once, whatever is pending.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Gives the stopped servers out.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ByServer && Server is null)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("StopWhat")));
        }

        var chosen = SelectServers(Port).Where(s => ShouldProcess(s.ToString(), Messages.Get("ActionStopServer"))).ToArray();
        var timeout = Force ? TimeSpan.Zero : TimeSpan.FromSeconds(TimeoutSec);
        var stopping = chosen.Select(s => s.StopAsync(timeout)).ToArray();
        Await(Task.WhenAll(stopping));
        foreach (var server in chosen)
        {
            if (PassThru)
            {
                WriteObject(server);
            }
        }
    }
}
