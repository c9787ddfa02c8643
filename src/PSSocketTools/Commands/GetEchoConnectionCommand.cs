using System.Management.Automation;
using System.Net;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Get-EchoConnection: the clients that are connected to servers of this process.</summary>
[Cmdlet(VerbsCommon.Get, "EchoConnection", DefaultParameterSetName = ByServer, HelpUri = OnlinePages.Folder + "Get-EchoConnection.md")]
[OutputType(typeof(EchoConnection))]
public sealed class GetEchoConnectionCommand : ServerSelectorCommand
{
    private AddressBlock[]? _from;

    /// <summary>The connections' numbers on their servers; all by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ConnectionIdCompleter))]
    public int[]? ConnectionId { get; set; }

    /// <summary>The clients' addresses, or CIDR blocks of them; all by default.</summary>
    [Parameter]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    public string[]? RemoteAddress { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            _from = RemoteAddress is null ? null : Array.ConvertAll(RemoteAddress, AddressBlock.Parse);
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var missing = new HashSet<int>(ConnectionId ?? []);
        var servers = SelectServers().ToArray();
        foreach (var server in servers)
        {
            // Among all servers, one that has no connections is no error.
            if (!IsChosen && server.GetProtocol() == SocketProtocol.Udp)
            {
                continue;
            }

            try
            {
                foreach (var connection in server.GetConnections())
                {
                    _ = missing.Remove(connection.ConnectionId);
                    if (IsWanted(connection))
                    {
                        WriteObject(connection);
                    }
                }
            }
            catch (SocketToolsException exception)
            {
                WriteError(exception);
            }
        }

        if (servers.Length > 0)
        {
            foreach (var id in missing.OrderBy(static id => id))
            {
                WriteError(new SocketToolsException(
                    SocketToolsError.NotFound, Messages.Get("ConnectionNotFound", string.Join(", ", servers.Select(static s => s.Name)), id), id));
            }
        }
    }

    private bool IsChosen => Server is not null || ParameterSetName != ByServer;

    private bool IsWanted(EchoConnection connection) =>
        (ConnectionId is null || Array.IndexOf(ConnectionId, connection.ConnectionId) >= 0)
        && (_from is null || (connection.RemoteAddress is { } address && Array.Exists(_from, range => range.Contains(IPAddress.Parse(address)))));
}
