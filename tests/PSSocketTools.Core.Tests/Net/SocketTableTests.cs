using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class SocketTableTests
{
    [Fact]
    public void It_names_the_process_that_listens()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;

        var holder = PortHolder.Find(SocketTable.Read(SocketProtocol.Tcp), IPAddress.Any, port);

        Assert.Equal("127.0.0.1", holder.Address);
        Assert.Equal(Environment.ProcessId, holder.ProcessId);
        Assert.NotNull(holder.ProcessName);
        Assert.Null(holder.Detail);
    }

    [Fact]
    public void It_names_the_process_of_a_udp_socket()
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;

        var holder = PortHolder.Find(SocketTable.Read(SocketProtocol.Udp), IPAddress.IPv6Loopback, port);

        Assert.Equal("::1", holder.Address);
        Assert.Equal(Environment.ProcessId, holder.ProcessId);
    }

    [Fact]
    public void A_listener_is_named_before_the_connections_of_its_port()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var client = new TcpClient("127.0.0.1", port);
        using var server = listener.AcceptTcpClient();

        Assert.Null(PortHolder.Find(SocketTable.Read(SocketProtocol.Tcp), IPAddress.Loopback, port).Detail);
        var holder = PortHolder.Find(
            SocketTable.Read(SocketProtocol.Tcp), IPAddress.Loopback, ((IPEndPoint)client.Client.LocalEndPoint!).Port);
        Assert.Contains($"127.0.0.1:{port}", holder.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_is_in_no_table_has_no_known_holder()
    {
        var holder = PortHolder.Find(new MacSocketTable(string.Empty), IPAddress.Loopback, 80);
        Assert.Null(holder.ProcessId);
        Assert.NotNull(holder.Detail);
    }

    [Fact]
    public void It_reads_what_lsof_writes()
    {
        const string Output = """
            p321
            cnginx
            f6
            n*:8080
            TST=LISTEN
            TQR=0
            TQS=0
            f7
            n[::1]:9000
            TST=LISTEN
            p400
            ccurl
            f5
            n127.0.0.1:50000->127.0.0.1:8080
            TST=ESTABLISHED
            p500
            cmDNS
            f9
            n*:*

            """;
        var table = new MacSocketTable(Output.ReplaceLineEndings("\n"));

        Assert.Equal([8080, 9000, 50000], table.Entries.Select(entry => entry.LocalPort));
        Assert.Equal(TcpState.Listen, table.Entries[0].State);
        Assert.Equal(new SocketOwner(321, "nginx"), table.OwnerOf(table.Entries[1]));
        Assert.Equal(8080, table.Entries[2].RemotePort);
        Assert.Equal(321, PortHolder.Find(table, IPAddress.Loopback, 8080).ProcessId);
    }
}
