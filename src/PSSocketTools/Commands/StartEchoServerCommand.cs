using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Start-EchoServer: a server that listens when the prompt is back.</summary>
[Cmdlet(VerbsLifecycle.Start, "EchoServer", SupportsShouldProcess = true)]
[OutputType(typeof(EchoServer))]
public sealed class StartEchoServerCommand : SocketCommand
{
    /// <summary>The port to listen on, 0 to 65535; 0 (the default) lets the system pick.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>The address to listen on; localhost (the default) is both loopback addresses, Any is all of the machine's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Address { get; set; } = "localhost";

    /// <summary>The server's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess(Messages.Get("TargetEndPoint", Address, Port), Messages.Get("ActionStartServer")))
        {
            return;
        }

        var id = Running.Servers.NextId();
        try
        {
            var server = EchoServer.Start(new EchoServerOptions { Id = id, Name = Name, Port = Port, Address = Address });
            Running.Add(server);
            WriteObject(server);
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
        }
    }
}
