using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;

namespace PSSocketTools.Commands;

/// <summary>Get-EchoServer: the servers that run in this process.</summary>
[Cmdlet(VerbsCommon.Get, "EchoServer", DefaultParameterSetName = ByServer, HelpUri = OnlinePages.Folder + "Get-EchoServer.md")]
[OutputType(typeof(EchoServer))]
public sealed class GetEchoServerCommand : ServerSelectorCommand
{
    /// <summary>The servers' ports: numbers, ranges ('7007-7009'), service names ('echo').</summary>
    [Parameter(ParameterSetName = ByPort, Mandatory = true)]
    [PortRangesTransformation]
    [ArgumentCompleter(typeof(ServerPortCompleter))]
    public PortRange[]? Port { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(SelectServers(Port), enumerateCollection: true);
}
