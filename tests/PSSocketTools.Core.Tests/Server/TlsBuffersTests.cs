using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>What buffers TLS servers take, measured by what the whole process has allocated meanwhile.</summary>
[Collection(nameof(WholeProcess))]
public sealed class TlsBuffersTests
{
    [Theory]
    [InlineData("Async")]
    [InlineData(null)]
    public async Task A_client_that_does_not_finish_its_handshake_takes_no_buffer(string? transport)
    {
        const int Size = 16 * 1024 * 1024;
        const int Clients = 8;
        using var certificate = TlsClient.MakeCertificate("localhost");
        using var server = EchoServer.Start(
            new EchoServerOptions { Address = OwnAddress.Pick(), Certificate = certificate, BufferSize = Size, Transport = transport });
        var before = GC.GetTotalAllocatedBytes();
        var clients = new List<BareClient>();
        try
        {
            for (var i = 0; i < Clients; i++)
            {
                clients.Add(await BareClient.ConnectAsync(server));
                clients.Add(await BareClient.ConnectAsync(server));

                // The header of a record whose rest is never sent.
                await clients[^1].SendAsync([22, 3, 1, 2, 0]);
            }

            await server.StopAsync(TimeSpan.Zero);
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }

        // What the tests before left to finish still allocates some; a buffer for each client would be much more.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, (Clients * (long)Size) - 1);
    }
}
