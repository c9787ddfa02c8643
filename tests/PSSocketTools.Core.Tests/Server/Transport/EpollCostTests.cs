#if !NETSTANDARD_BUILD
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>What connections over epoll cost the process: descriptors, memory, and nothing for a message.</summary>
[Trait("System", "Linux")]
[Collection(nameof(WholeProcess))]
public sealed class EpollCostTests
{
    private static readonly EchoServerOptions Epoll = new() { Address = "127.0.0.1", Transport = "Epoll" };

    [Fact]
    public async Task Connecting_and_disconnecting_leaks_no_descriptor()
    {
        var before = CountDescriptors();
        using (var server = EchoServer.Start(Epoll))
        {
            for (var i = 0; i < 1000; i++)
            {
                using var client = await BareClient.ConnectAsync(server);
                if (i % 2 == 0)
                {
                    await client.ExchangeAsync("x");
                }

                if (i % 3 == 0)
                {
                    client.Reset();
                }
            }

            await server.UntilAsync(ServerEventKind.Disconnected, 1000);
            Assert.Equal(0, server.ActiveConnections);
        }

        // Fewer are fine: whatever ran before may have left some to the garbage collector.
        Assert.True(SpinWait.SpinUntil(() => CountDescriptors() <= before, Patience.Long), $"{before} before, {CountDescriptors()} after");
    }

    [Fact]
    public async Task Handshakes_leak_no_descriptor_however_they_end()
    {
        using var certificate = TlsClient.MakeCertificate("localhost");
        var before = CountDescriptors();
        using (var server = EchoServer.Start(Epoll with { Certificate = certificate, HandshakeTimeout = TimeSpan.FromHours(1) }))
        {
            var waiting = new List<BareClient>();
            for (var i = 0; i < 100; i++)
            {
                var client = await BareClient.ConnectAsync(server);
                waiting.Add(client);
                if (i % 4 == 1)
                {
                    await client.SendAsync([22, 3, 1, 2, 0]);
                }
                else if (i % 4 == 2)
                {
                    client.Reset();
                }
                else if (i % 4 == 3)
                {
                    await using var stream = await client.AuthenticateAsync(certificate);
                }
            }

            await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
            waiting.ForEach(static client => client.Dispose());
        }

        Assert.True(SpinWait.SpinUntil(() => CountDescriptors() <= before, Patience.Long), $"{before} before, {CountDescriptors()} after");
    }

    [Fact]
    public async Task An_idle_connection_costs_less_than_4_KiB_of_managed_memory()
    {
        // Each takes two descriptors here, the client's being the same process's.
        var count = Math.Min(10_000, (DescriptorLimit.Available() / 2) - 100);
        using var server = EchoServer.Start(Epoll with { MaxConnections = count });
        var clients = new List<Socket>(count);
        try
        {
            await server.UntilAsync(ServerEventKind.Started);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            for (var i = 0; i < count; i++)
            {
                var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                clients.Add(client);
                client.Connect(IPAddress.Loopback, server.Port);
            }

            Assert.True(SpinWait.SpinUntil(() => server.ActiveConnections == count, Patience.Long));
            var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / count;

            // The client's half is in it, which is less than the server's; what others left behind may be collected meanwhile.
            Assert.InRange(each, long.MinValue, 4096);

            // And they are served: the last one among them all.
            using var last = new BareClient(clients[^1]);
            await last.ExchangeAsync("one of many");
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }
    }

    [Theory]
    [InlineData(MessageFraming.Auto, null)]
    [InlineData(MessageFraming.Line, null)]
    [InlineData(MessageFraming.Line, "Echo: {0}")]
    public void A_message_allocates_nothing(MessageFraming framing, string? format)
    {
        using var server = EchoServer.Start(Epoll with { Framing = framing, ResponseFormat = format });
        using var stream = Connect(server);
        AssertAllocatesNothing(stream);
    }

    [Fact]
    public void A_message_over_TLS_allocates_nothing()
    {
        using var certificate = TlsClient.MakeCertificate("localhost");
        using var server = EchoServer.Start(Epoll with { Certificate = certificate });
        using var stream = new SslStream(Connect(server), leaveInnerStreamOpen: false, (_, shown, _, _) => shown?.GetCertHashString() == certificate.Thumbprint);
        stream.AuthenticateAsClient("localhost");
        AssertAllocatesNothing(stream);
    }

    private static NetworkStream Connect(EchoServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, server.Port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static void AssertAllocatesNothing(Stream stream)
    {
        var message = "A message of a usual length with its line end\n"u8.ToArray();
        var answer = new byte[256];
        Exchange(20_000);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        Exchange(10_000);
        var each = (GC.GetTotalAllocatedBytes(precise: true) - before) / 10_000.0;

        // The compiler and the test runner in the background allocate a little meanwhile; the smallest object has 24.
        Assert.InRange(each, 0, 16);

        void Exchange(int times)
        {
            for (var i = 0; i < times; i++)
            {
                stream.Write(message);
                for (var received = 0; received == 0 || answer[received - 1] != '\n';)
                {
                    received += stream.Read(answer, received, answer.Length - received);
                }
            }
        }
    }

    private static int CountDescriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
}
#endif
