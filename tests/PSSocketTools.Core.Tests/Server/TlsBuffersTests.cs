using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>What TLS servers borrow, told from what the whole process has allocated meanwhile.</summary>
[Collection(nameof(WholeProcess))]
public sealed class TlsBuffersTests
{
    [Fact]
    public async Task A_client_that_does_not_finish_its_handshake_borrows_no_buffer()
    {
        const int Size = 16 * 1024 * 1024;
        using var certificate = TlsEchoServerTests.Make("localhost");
        using var server = EchoServer.Start(new EchoServerOptions { Address = OwnAddress.Pick(), Certificate = certificate, BufferSize = Size });
        var before = GC.GetTotalAllocatedBytes();
        using var first = await BareClient.ConnectAsync(server);
        using var second = await BareClient.ConnectAsync(server);

        // The head of a record whose rest never comes.
        await second.SendAsync([22, 3, 1, 2, 0]);
        await server.StopAsync(TimeSpan.Zero);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, Size - 1);
    }
}
