using System.Management.Automation;
using PSSocketTools.Lifetime;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Disconnect-EchoServer: ends sessions, in order or by a reset, or what they send alone.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "EchoServer", DefaultParameterSetName = BySession, SupportsShouldProcess = true, HelpUri = OnlinePages.Folder + "Disconnect-EchoServer.md")]
public sealed class DisconnectEchoServerCommand : SessionSelectorCommand
{
    /// <summary>Throws the connection away (RST) instead of ending it in order (FIN).</summary>
    [Parameter]
    public SwitchParameter Reset { get; set; }

    /// <summary>Ends what is sent alone (half-close), and receives on until the server ends its side.</summary>
    [Parameter]
    public SwitchParameter SendOnly { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == BySession && Session is null)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("DisconnectWhat")));
        }

        if (Reset && SendOnly)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("ResetOrSendOnly")));
        }

        foreach (var session in SelectSessions())
        {
            if (!ShouldProcess(session.ToString(), Messages.Get(SendOnly ? "ActionHalfClose" : "ActionDisconnect")))
            {
                continue;
            }

            if (SendOnly)
            {
                CloseSend(session);
            }
            else
            {
                session.Close(Reset);
                Running.Sessions.Remove(session.Id);
            }
        }
    }

    private void CloseSend(EchoSession session)
    {
        try
        {
            session.CloseSend(StopToken);
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }
}
