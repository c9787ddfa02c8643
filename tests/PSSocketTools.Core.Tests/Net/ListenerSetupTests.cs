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
}
