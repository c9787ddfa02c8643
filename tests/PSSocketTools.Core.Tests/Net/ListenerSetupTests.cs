using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class ListenerSetupTests
{
    private static readonly PortHolder Nobody = new();
    private static readonly PortHolder SomebodyHidden = new() { Address = "0.0.0.0" };

    [Fact]
    public void A_port_in_use_is_taken_whoever_has_it()
    {
        Assert.True(ListenerSetup.IsTaken(SocketError.AddressAlreadyInUse, Nobody));
        Assert.True(ListenerSetup.IsTaken(SocketError.AddressAlreadyInUse, SomebodyHidden));
    }

    [Fact]
    public void A_denied_port_is_taken_on_Windows_where_a_socket_has_it_though_its_process_is_not_known()
    {
        Assert.False(ListenerSetup.IsTaken(SocketError.AccessDenied, Nobody));
        Assert.Equal(OperatingSystem.IsWindows(), ListenerSetup.IsTaken(SocketError.AccessDenied, SomebodyHidden));
    }

    [Fact]
    public void No_other_error_says_that_a_port_is_taken() =>
        Assert.False(ListenerSetup.IsTaken(SocketError.AddressNotAvailable, SomebodyHidden));

    [Theory]
    [InlineData("0.0.0.0", TcpState.Listen, "127.0.0.1", true)]
    [InlineData("127.0.0.1", TcpState.Listen, "0.0.0.0", true)]
    [InlineData("0.0.0.0", TcpState.Listen, "0.0.0.0", true)]
    [InlineData("127.0.0.1", TcpState.Listen, "127.0.0.1", true)]
    [InlineData("::", TcpState.Listen, "::1", true)]
    [InlineData("::1", TcpState.Listen, "::", true)]

    // A UDP socket has no state.
    [InlineData("0.0.0.0", TcpState.Unknown, "127.0.0.1", true)]
    [InlineData("127.0.0.2", TcpState.Listen, "127.0.0.1", false)]

    // Each family has sockets of its own.
    [InlineData("::", TcpState.Listen, "127.0.0.1", false)]
    [InlineData("0.0.0.0", TcpState.Listen, "::1", false)]

    // Connections take no clients from anybody.
    [InlineData("127.0.0.1", TcpState.Established, "127.0.0.1", false)]
    [InlineData("0.0.0.0", TcpState.TimeWait, "127.0.0.1", false)]
    public void An_endpoint_is_shared_with_who_listens_on_it_or_where_one_of_the_two_is_the_wildcard(
        string held, TcpState state, string wanted, bool shared)
    {
        var table = new Table(IPAddress.Parse(held), 7007, state);
        Assert.Equal(shared, ListenerSetup.IsShared(table.Entries, new IPEndPoint(IPAddress.Parse(wanted), 7007)));
        Assert.False(ListenerSetup.IsShared(table.Entries, new IPEndPoint(IPAddress.Parse(wanted), 7008)));
    }

    [Fact]
    public void Where_the_system_would_let_a_socket_share_a_port_it_is_refused_as_in_use_and_else_bound()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)other.LocalEndPoint!).Port;
        other.Dispose();
        var endPoint = new IPEndPoint(IPAddress.Loopback, port);

        var error = Assert.Throws<SocketException>(() => ListenerSetup.Bind(
            socket, endPoint, () => new Table(IPAddress.Any, port, TcpState.Listen), systemRefuses: false));
        Assert.Equal(SocketError.AddressAlreadyInUse, error.SocketErrorCode);
        Assert.False(socket.IsBound);

        ListenerSetup.Bind(socket, endPoint, () => new Table(IPAddress.Any, port + 1, TcpState.Listen), systemRefuses: false);
        Assert.Equal(endPoint, socket.LocalEndPoint);
    }

    [Fact]
    public void A_server_and_a_port_test_agree_beside_somebodys_wildcard()
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Any, 0));
        holder.Listen(1);
        var port = ((IPEndPoint)holder.LocalEndPoint!).Port;

        var error = Assert.Throws<SocketToolsException>(() => EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Port = port }));
        Assert.Equal(SocketToolsError.PortInUse, error.Error);
        Assert.Equal("InUse", new LocalPortTest("127.0.0.1").Test(port, CancellationToken.None).Status);
        Assert.Equal("InUse", new LocalPortTest().Test(port, CancellationToken.None).Status);
    }

    private sealed class Table(IPAddress address, int port, TcpState state) : SocketTable
    {
        public override IReadOnlyList<SocketEntry> Entries { get; } = [new(address, port, IPAddress.Any, 0, state, 0)];

        public override SocketOwner? OwnerOf(SocketEntry entry) => null;
    }
}
