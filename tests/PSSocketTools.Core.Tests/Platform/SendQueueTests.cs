#if !NETSTANDARD_BUILD
using System.Net.Sockets;
using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Platform;

[Trait("System", "Linux")]
public sealed class SendQueueTests
{
    [Fact]
    public void It_shrinks_as_the_peer_reads()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        using var server = listener.Accept();
        Assert.Equal(0, SendQueue.Bytes(server));

        server.Send(new byte[1000]);
        var one = SendQueue.Bytes(server);
        server.Send(new byte[1000]);
        var both = SendQueue.Bytes(server);
        Assert.True(both > one && one > 0, $"{one}, {both}");

        client.Receive(new byte[1000]);
        Assert.Equal(one, SendQueue.Bytes(server));
        client.Receive(new byte[1000]);
        Assert.Equal(0, SendQueue.Bytes(server));
    }
}
#endif
