using System.Management.Automation;
using PSSocketTools.Completion;

namespace PSSocketTools.Commands;

/// <summary>Get-EchoServer: the servers that run in this process.</summary>
[Cmdlet(VerbsCommon.Get, "EchoServer", DefaultParameterSetName = ByServer)]
[OutputType(typeof(EchoServer))]
public sealed class GetEchoServerCommand : ServerSelectorCommand
{
    /// <summary>The servers' ports.</summary>
    [Parameter(ParameterSetName = ByPort, Mandatory = true)]
    [ArgumentCompleter(typeof(ServerPortCompleter))]
    [ValidateRange(1, 65535)]
    public int[]? Port { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(SelectServers(Port), enumerateCollection: true);
}
