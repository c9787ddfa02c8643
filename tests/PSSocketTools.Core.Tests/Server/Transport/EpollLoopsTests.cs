#if !NETSTANDARD_BUILD
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Server;
using PSSocketTools.Server.Transport.Epoll;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>When the loops that servers share begin, fail and end.</summary>
[Trait("System", "Linux")]
[Collection(nameof(WholeProcess))]
public sealed class EpollLoopsTests
{
    private static readonly EchoServerOptions Epoll = new() { Address = "127.0.0.1", Transport = "Epoll" };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failed_epoll_set_faults_its_servers_and_neither_the_process_nor_the_next_server(bool sequential)
    {
        using (var first = EchoServer.Start(Epoll with { IsSequential = sequential, Framing = MessageFraming.Line, IdleTimeout = TimeSpan.FromHours(1) }))
        using (var second = EchoServer.Start(Epoll))
        using (var client = await BareClient.ConnectAsync(first))
        {
            await client.ExchangeAsync("before\n");
            var loops = EpollLoops.Shared!;
            for (var i = 0; i < loops.Count; i++)
            {
                Break(loops.Next());
            }

            var events = await first.UntilAsync(ServerEventKind.Disconnected);
            Assert.EndsWith("Error/Failure Disconnected/Failure", events.Story(1), StringComparison.Ordinal);
            Assert.Equal(0, await ReceiveAsync(client));
            await second.UntilAsync(ServerEventKind.Error);
            Assert.Equal(("Faulted", "Faulted"), (first.State, second.State));
            Assert.All(new[] { first, second }, static server => Assert.False(string.IsNullOrEmpty(server.Error)));

            // Other loops are there for who comes next.
            using (var third = EchoServer.Start(Epoll))
            using (var other = await BareClient.ConnectAsync(third))
            {
                await other.ExchangeAsync("after");
            }

            await first.StopAsync(Patience.Long).WaitAsync(Patience.Long);
            await second.StopAsync(Patience.Long).WaitAsync(Patience.Long);
            Assert.Equal(("Stopped", "Stopped", 0), (first.State, second.State, first.ActiveConnections));
        }

        Assert.Equal(0, EpollLoop.Running);

        static async Task<int> ReceiveAsync(BareClient client)
        {
            try
            {
                return await client.Socket.ReceiveAsync(new byte[1]).WaitAsync(Patience.Long);
            }
            catch (SocketException)
            {
                return 0;
            }
        }

        static void Break(EpollLoop loop)
        {
            // Puts something in the place of its descriptor that can't be waited with, and has it wait anew.
            using var other = File.OpenHandle("/dev/null");
            Assert.Equal(loop.Descriptor, Duplicate((int)other.DangerousGetHandle(), loop.Descriptor));
            loop.Post(static () => { }, static _ => { });
        }
    }

    [DllImport("libc", EntryPoint = "dup2")]
    private static extern int Duplicate(int from, int to);

    [Fact]
    public async Task Its_threads_start_with_the_first_server_and_end_with_the_last()
    {
        Assert.Equal(0, EpollLoop.Running);
        var first = EchoServer.Start(Epoll);
        var loops = EpollLoop.Running;
        Assert.InRange(loops, 1, Environment.ProcessorCount);

        var second = EchoServer.Start(Epoll);
        Assert.Equal(loops, EpollLoop.Running);
        await first.StopAsync(TimeSpan.Zero);
        using (var client = await BareClient.ConnectAsync(second))
        {
            await client.ExchangeAsync("still here");
        }

        await second.StopAsync(TimeSpan.Zero);
        Assert.Equal(0, EpollLoop.Running);
    }

    [Fact]
    public void A_transport_that_cannot_be_made_leaves_them()
    {
        Assert.Equal(0, EpollLoop.Running);

        // There is no plan for its conversations.
        Assert.Throws<NullReferenceException>(() => new TransportFactory(Epoll).Create([], plan: null!, record: null!, static (_, _) => { }));

        Assert.Equal(0, EpollLoop.Running);
        Assert.Null(EpollLoops.Shared);
    }

    [Fact]
    public async Task Servers_with_a_log_have_a_loop_of_their_own()
    {
        var log = Path.GetTempFileName();
        try
        {
            using var logging = EchoServer.Start(Epoll with { LogPath = log });
            var own = EpollLoop.Running;
            using var other = EchoServer.Start(Epoll);

            Assert.True(EpollLoop.Running > own);
            using var client = await BareClient.ConnectAsync(logging);
            await client.ExchangeAsync("noted");
        }
        finally
        {
            File.Delete(log);
        }
    }
}
#endif
