using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class BindConflictTests
{
    [Fact]
    public void It_names_the_process_that_listens()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;

        var conflict = BindConflict.Find(SocketTable.Read(SocketProtocol.Tcp), IPAddress.Any, port);

        Assert.Equal("127.0.0.1", conflict.Address);
        Assert.Equal(Environment.ProcessId, conflict.ProcessId);
        Assert.NotNull(conflict.ProcessName);
        Assert.Equal(PortHolderState.Listen, conflict.State);
        Assert.Null(conflict.Detail);
    }

    [Fact]
    public void It_names_the_process_of_a_udp_socket()
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;

        var conflict = BindConflict.Find(SocketTable.Read(SocketProtocol.Udp), IPAddress.IPv6Loopback, port);

        Assert.Equal("::1", conflict.Address);
        Assert.Equal(PortHolderState.Bound, conflict.State);
        Assert.Equal(Environment.ProcessId, conflict.ProcessId);
    }

    [Fact]
    public void A_listener_is_named_before_the_connections_of_its_port()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var client = new TcpClient("127.0.0.1", port);
        using var server = listener.AcceptTcpClient();

        Assert.Null(BindConflict.Find(SocketTable.Read(SocketProtocol.Tcp), IPAddress.Loopback, port).Detail);
        var conflict = BindConflict.Find(
            SocketTable.Read(SocketProtocol.Tcp), IPAddress.Loopback, ((IPEndPoint)client.Client.LocalEndPoint!).Port);
        Assert.Equal(PortHolderState.Established, conflict.State);
        Assert.Contains($"127.0.0.1:{port}", conflict.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_is_in_no_table_has_no_known_holder()
    {
        var conflict = BindConflict.Find(new MacSocketTable(string.Empty), IPAddress.Loopback, 80);
        Assert.Null(conflict.ProcessId);
        Assert.Null(conflict.State);
        Assert.NotNull(conflict.Detail);
    }

    [Fact]
    public void The_process_of_the_system_on_Windows_is_explained()
    {
        Assert.Contains("http.sys", SystemProcess.Explain(4, isWindows: true), StringComparison.Ordinal);
        Assert.Null(SystemProcess.Explain(4, isWindows: false));
        Assert.Null(SystemProcess.Explain(5, isWindows: true));
    }
}
