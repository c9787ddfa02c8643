using System.Management.Automation;

namespace PSSocketTools.Commands;

/// <summary>Get-EchoSession: the sessions of this process that nobody has disconnected yet.</summary>
[Cmdlet(VerbsCommon.Get, "EchoSession", DefaultParameterSetName = BySession, HelpUri = OnlinePages.Folder + "Get-EchoSession.md")]
[OutputType(typeof(EchoSession))]
public sealed class GetEchoSessionCommand : SessionSelectorCommand
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var session in SelectSessions())
        {
            // Its properties tell what is known, and read no socket when something merely looks at them.
            session.Refresh();
            WriteObject(session);
        }
    }
}
