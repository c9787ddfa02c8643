using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class PortBindingTests
{
    private static readonly BindConflict Nobody = new();
    private static readonly BindConflict SomebodyHidden = new() { Address = "0.0.0.0" };

    [Fact]
    public void A_port_in_use_is_taken_whoever_holds_it()
    {
        Assert.True(PortBinding.IsTaken(SocketError.AddressAlreadyInUse, Nobody));
        Assert.True(PortBinding.IsTaken(SocketError.AddressAlreadyInUse, SomebodyHidden));
    }

    [Fact]
    public void A_denied_port_is_taken_on_Windows_where_a_socket_has_it_though_its_process_is_not_known()
    {
        Assert.False(PortBinding.IsTaken(SocketError.AccessDenied, Nobody));
        Assert.Equal(OperatingSystem.IsWindows(), PortBinding.IsTaken(SocketError.AccessDenied, SomebodyHidden));
    }

    [Fact]
    public void No_other_error_says_that_a_port_is_taken() =>
        Assert.False(PortBinding.IsTaken(SocketError.AddressNotAvailable, SomebodyHidden));

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "0.0.0.0", true)]
    [InlineData("0.0.0.0", "0.0.0.0", true)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("::", "::1", true)]
    [InlineData("::1", "::", true)]
    [InlineData("127.0.0.2", "127.0.0.1", false)]

    // Each family has sockets of its own.
    [InlineData("::", "127.0.0.1", false)]
    [InlineData("0.0.0.0", "::1", false)]
    public void Endpoints_clash_when_equal_or_when_one_is_the_wildcard(string held, string wanted, bool shared)
    {
        var listener = new IPEndPoint(IPAddress.Parse(held), 7007);
        Assert.Equal(shared, PortBinding.IsShared(listener, new IPEndPoint(IPAddress.Parse(wanted), 7007)));
        Assert.False(PortBinding.IsShared(listener, new IPEndPoint(IPAddress.Parse(wanted), 7008)));
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

        var error = Assert.Throws<SocketException>(() => PortBinding.Bind(
            socket, endPoint, _ => [new IPEndPoint(IPAddress.Any, port)]));
        Assert.Equal(SocketError.AddressAlreadyInUse, error.SocketErrorCode);
        Assert.False(socket.IsBound);

        PortBinding.Bind(socket, endPoint, _ => [new IPEndPoint(IPAddress.Any, port + 1)]);
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
}
