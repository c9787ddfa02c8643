using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Server.Transport;
using PSSocketTools.Server.Transport.Async;
using PSSocketTools.Tests.Ports.Network;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

public sealed class SelectLoopTests : IDisposable
{
    private readonly List<Exception> _reported = [];
    private readonly List<Peer> _peers = [];
    private readonly SelectLoop _loop;

    public SelectLoopTests() => _loop = new SelectLoop(_reported.Add, maxMembers: 2);

    public void Dispose()
    {
        _loop.Dispose();
        _peers.ForEach(static peer => peer.Dispose());
    }

    [Fact]
    public async Task A_connection_is_run_on_the_thread_of_its_loop()
    {
        var peer = await ConnectAsync();
        Assert.True(await IsSelectedAsync(peer));

        Assert.Equal("EchoSelect", await peer.ExchangeAsync());
        Assert.True(await IsSelectedAsync(peer));
    }

    [Fact]
    public async Task Silent_connections_make_room_for_busy_ones_and_are_served_without_the_loop()
    {
        var (first, second, third) = (await ConnectAsync(), await ConnectAsync(), await ConnectAsync());
        Assert.True(await IsSelectedAsync(first));
        Assert.True(await IsSelectedAsync(second));
        Assert.False(await IsSelectedAsync(third));

        do
        {
            await third.ExchangeAsync();
        }
        while (!await IsSelectedAsync(third));

        Assert.False(await IsSelectedAsync(first) && await IsSelectedAsync(second));
        await first.ExchangeAsync();
        await second.ExchangeAsync();
        Assert.Empty(_reported);
    }

    [Fact]
    public async Task A_selected_connection_that_another_thread_closes_ends_in_order()
    {
        var peer = await ConnectAsync();
        Assert.True(await IsSelectedAsync(peer));

        peer.Wait.Close();

        // A reset would throw.
        Assert.Equal(0, await peer.Client.ReceiveAsync(new byte[1].AsMemory()).AsTask().WaitAsync(Patience.Long));
        Assert.False(await IsSelectedAsync(peer));
        Assert.False(peer.Wait.IsPending);
    }

    [Fact]
    public async Task Connections_go_on_without_a_loop_that_fails()
    {
        var peer = await ConnectAsync();
        Assert.True(await IsSelectedAsync(peer));
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Dispose();
        using var pump = new AsyncPump(_loop);
        using var wait = new ReceiveWait(closed, pump);
        pump.Connection = new Reading(pump, static () => { });

        // The loop would select a socket that is closed.
        Assert.True(_loop.TryPost(() => wait.TryComplete(out _)));
        SpinWait.SpinUntil(() => !_loop.TryPost(static () => { }), Patience.Long);

        // The thread releases its connections last, and a byte that arrives meanwhile is received on it.
        _loop.Dispose();

        Assert.NotEqual("EchoSelect", await peer.ExchangeAsync());
        Assert.IsType<ObjectDisposedException>(Assert.Single(_reported));
    }

    [Fact]
    public async Task An_error_that_is_no_readiness_concerns_its_connection_alone()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (broken, other) = (await ConnectAsync(), await ConnectAsync());
        Assert.True(await IsSelectedAsync(broken));
        Assert.True(await IsSelectedAsync(other));

        // A pipe without a reader has an error and never anything to read, like a connection in the moment of its reset.
        using (var pipe = new AnonymousPipeServerStream(PipeDirection.Out))
        {
            pipe.DisposeLocalCopyOfClientHandle();
            Assert.NotEqual(-1, Duplicate((int)pipe.SafePipeHandle.DangerousGetHandle(), broken.Descriptor));
        }

        Assert.Equal("EchoSelect", await other.ExchangeAsync());
        Assert.Equal(nameof(SocketError.NotSocket), await broken.Received.WaitAsync(Patience.Long));
        Assert.Equal("EchoSelect", await other.ExchangeAsync());
        Assert.Empty(_reported);
    }

    [Fact]
    public async Task A_wake_that_arrives_after_its_post_was_done_does_not_keep_the_loop_awake()
    {
        var peer = await ConnectAsync();
        Assert.True(await IsSelectedAsync(peer));

        _loop.WakeSocket!.Send(new byte[1]);

        SpinWait.SpinUntil(() => _loop.WakeSocket!.Available == 0, Patience.Long);
        Assert.Equal(0, _loop.WakeSocket!.Available);
        Assert.Equal("EchoSelect", await peer.ExchangeAsync());
    }

    [Fact]
    public async Task Connections_go_on_without_a_loop_that_cannot_be_woken()
    {
        var peer = await ConnectAsync();
        Assert.True(await IsSelectedAsync(peer));

        _loop.WakeSocket!.Shutdown(SocketShutdown.Send);

        Assert.False(_loop.TryPost(static () => { }));
        Assert.Equal("EchoSelect", await peer.ExchangeAsync());
        Assert.NotEqual("EchoSelect", await (await ConnectAsync()).ExchangeAsync());

        // Neither waits for the loop.
        peer.Wait.Close();
        Assert.False(peer.Wait.IsPending);
        _loop.Dispose();
    }

    [NetworkFact(DropsDatagrams = true)]
    public Task Connections_go_on_without_a_loop_where_a_packet_filter_drops_what_would_wake_it() => NetworkLab.RunAsync(static async _ =>
    {
        await NetworkLab.DropLoopbackDatagramsAsync();
        using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Transport = "Async" });
        using var client = await BareClient.ConnectAsync(server);
        await client.ExchangeAsync("without the loop");
        await server.StopAsync(Patience.Long).WaitAsync(Patience.Long);
        Assert.Equal("ServerStopped", Assert.Single(server.GetEvents([ServerEventKind.Disconnected])).Reason);
    });

    [Fact]
    public async Task Connections_go_on_after_the_end_of_their_loop()
    {
        var peer = await ConnectAsync();
        Assert.True(await IsSelectedAsync(peer));

        _loop.Dispose();

        Assert.NotEqual("EchoSelect", await peer.ExchangeAsync());
        Assert.NotEqual("EchoSelect", await peer.ExchangeAsync());
        Assert.Empty(_reported);
    }

    [Fact]
    public void An_operation_that_could_not_be_started_is_not_pending()
    {
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Dispose();
        using var pump = new AsyncPump();
        using var wait = new ReceiveWait(closed, pump);
        using var send = new SendOperation(pump);

        Assert.Throws<ObjectDisposedException>(() => wait.TryComplete(out _));
        Assert.Throws<ObjectDisposedException>(() => send.Send(closed));

        Assert.Equal((false, false), (wait.IsPending, send.IsPending));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_holds_a_buffer_only_from_a_receive_until_nothing_more_is_there(bool hasLoop)
    {
        var (client, server) = await ConnectSocketsAsync();
        using var pump = new AsyncPump(hasLoop ? _loop : null);
        using var woken = new SemaphoreSlim(0);
        pump.Connection = new Reading(pump, () => woken.Release());
        var channel = new SocketChannel(server, 1024, pump);
        try
        {
            Assert.Equal(-1, channel.TryReceive(force: false, out _, out var error));
            Assert.Equal(SocketError.WouldBlock, error);
            Assert.False(channel.HoldsBuffer);

            await client.SendAsync(new byte[5].AsMemory());
            int count;
            while ((count = channel.TryReceive(force: false, out _, out _)) < 0)
            {
                Assert.True(await woken.WaitAsync(Patience.Long));
            }

            Assert.Equal(5, count);
            Assert.True(channel.HoldsBuffer);

            Assert.Equal(-1, channel.TryReceive(force: false, out _, out _));
            Assert.False(channel.HoldsBuffer);
        }
        finally
        {
            channel.Close(pump.Connection);
            while (channel.IsBusy)
            {
                Assert.True(await woken.WaitAsync(Patience.Long));
            }

            channel.Dispose();
            client.Dispose();
        }
    }

    [DllImport("libc", EntryPoint = "dup2")]
    private static extern int Duplicate(int from, int to);

    private static async Task<(Socket Client, Socket Server)> ConnectSocketsAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(listener.LocalEndPoint!).WaitAsync(Patience.Long);
        return (client, await listener.AcceptAsync().WaitAsync(Patience.Long));
    }

    private async Task<Peer> ConnectAsync()
    {
        var (client, server) = await ConnectSocketsAsync();
        var peer = new Peer(client, server, _loop);
        _peers.Add(peer);
        return peer;
    }

    /// <summary>Whether the loop selects a connection, when it has done what was posted before.</summary>
    private Task<bool> IsSelectedAsync(Peer peer)
    {
        var told = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(_loop.TryPost(() => told.SetResult(peer.Wait.IsSelecting)));
        return told.Task.WaitAsync(Patience.Long);
    }

    /// <summary>A connection whose server reads one byte at a time and tells on which thread.</summary>
    private sealed class Peer : IDisposable
    {
        private readonly AsyncPump _pump;
        private readonly Socket _server;
        private volatile TaskCompletionSource<string?> _received = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Peer(Socket client, Socket server, SelectLoop loop)
        {
            (Client, _server) = (client, server);
            server.Blocking = false;
            _pump = new AsyncPump(loop);
            Wait = new ReceiveWait(server, _pump);
            _pump.Connection = new Reading(_pump, Read);
            _pump.Wake();
        }

        public Socket Client { get; }

        public ReceiveWait Wait { get; }

        public int Descriptor => (int)_server.Handle;

        /// <summary>Completes with the name of the thread that receives a byte, or with the error that ended receiving.</summary>
        public Task<string?> Received => _received.Task;

        /// <summary>Sends a byte, and gives the name of the thread that receives it.</summary>
        public async Task<string?> ExchangeAsync()
        {
            _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await Client.SendAsync(new byte[1].AsMemory());
            return await _received.Task.WaitAsync(Patience.Long);
        }

        public void Dispose()
        {
            Wait.Close();
            _pump.Dispose();
            Client.Dispose();
            Wait.Dispose();
        }

        private void Read()
        {
            while (Wait.TryComplete(out _))
            {
                if (_server.Receive(new byte[1], 0, 1, SocketFlags.None, out var error) == 1)
                {
                    // After the next wait has begun.
                    var received = _received;
                    var thread = Thread.CurrentThread.Name;
                    Read();
                    received.TrySetResult(thread);
                    return;
                }

                if (error is not (SocketError.Success or SocketError.WouldBlock))
                {
                    _received.TrySetResult(error.ToString());
                    return;
                }
            }
        }
    }

    private sealed class Reading(IPump pump, Action read) : Connection(pump)
    {
        public override void Begin()
        {
        }

        public override void Drain()
        {
        }

        public override void EndOnRequest(bool reset)
        {
        }

        public override void Abort()
        {
        }

        public override void OnReady(int events) => read();

        public override void OnTime()
        {
        }

        public override void Fail(Exception exception)
        {
        }
    }
}
