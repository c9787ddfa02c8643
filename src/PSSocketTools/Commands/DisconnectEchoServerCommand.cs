using System.Management.Automation;
using PSSocketTools.Lifetime;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Disconnect-EchoServer: ends sessions, in order or by a reset.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "EchoServer", DefaultParameterSetName = BySession, SupportsShouldProcess = true)]
public sealed class DisconnectEchoServerCommand : SessionSelectorCommand
{
    /// <summary>Throws the connection away (RST) instead of ending it in order (FIN).</summary>
    [Parameter]
    public SwitchParameter Reset { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == BySession && Session is null)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("DisconnectWhat")));
        }

        foreach (var session in SelectSessions())
        {
            if (ShouldProcess(session.ToString(), Messages.Get("ActionDisconnect")))
            {
                session.Close(Reset);
                Running.Sessions.Remove(session.Id);
            }
        }
    }
}
