using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class EndPointTextTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    public void An_address_is_written_as_people_write_it(string address, string expected) =>
        Assert.Equal(expected, EndPointText.Of(IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:65535")]
    [InlineData("::1", "[::1]:65535")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7:65535")]
    public void An_endpoint_has_its_port_after_a_colon(string address, string expected) =>
        Assert.Equal(expected, EndPointText.Of(new IPEndPoint(IPAddress.Parse(address), 65535)));

    [Fact]
    public void A_Unix_endpoint_is_its_path_and_no_endpoint_is_nothing()
    {
        Assert.Equal("/tmp/echo.sock", EndPointText.Of(new UnixDomainSocketEndPoint("/tmp/echo.sock")));
        Assert.Equal(string.Empty, EndPointText.Of((EndPoint?)null));
    }

    [Theory]
    [InlineData("localhost", "localhost:7")]
    [InlineData("192.0.2.7", "192.0.2.7:7")]
    [InlineData("2001:db8::7", "[2001:db8::7]:7")]
    public void A_host_that_is_an_IPv6_address_stands_in_brackets(string host, string expected) =>
        Assert.Equal(expected, EndPointText.Of(host, 7));

    [Fact]
    public void A_self_connection_is_distinguished_from_one_to_a_server()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        Assert.False(SelfConnection.Is(client.Client, listener.LocalEndpoint));

        using var own = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        own.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        own.Connect(own.LocalEndPoint!);
        Assert.True(SelfConnection.Is(own, own.LocalEndPoint!));
    }
}
