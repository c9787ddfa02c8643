using System.Net;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport;
using PSSocketTools.Server.Transport.Async;
using PSSocketTools.Tls;
using Xunit;
#if !NETSTANDARD_BUILD
using PSSocketTools.Server.Transport.Epoll;
#endif

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>A server's clock, channels or listeners fail at one call, each call in turn: only what made the call ends, and the stop completes.</summary>
public sealed class FaultsAtSeamsTests
{
    private const string Asked = "failed as asked";

#if NETSTANDARD_BUILD
    private static readonly string[] Names = ["Async"];
#else
    private static readonly string[] Names = OperatingSystem.IsLinux() ? ["Async", "Epoll"] : ["Async"];
#endif

    public static TheoryData<string> Transports => [.. Names];

    public static TheoryData<string, bool> TransportsAndModes
    {
        get
        {
            var all = new TheoryData<string, bool>();
            foreach (var name in Names)
            {
                all.Add(name, false);
                all.Add(name, true);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_clock_that_fails_ends_one_connection_and_delays_no_stop(string transport)
    {
        for (var n = 1; ; n++)
        {
            using var clock = new FailingClock(n);
            EchoServer server;
            try
            {
                server = EchoServer.Start(new EchoServerOptions
                {
                    Address = OwnAddress.Pick(), Transport = transport, Clock = clock, Framing = MessageFraming.Line, IdleTimeout = TimeSpan.FromMinutes(1),
                });
            }
            catch (InvalidOperationException exception) when (exception.Message == Asked)
            {
                continue;
            }

            for (var i = 0; i < 2; i++)
            {
                await TryExchangeAsync(server, clock);
            }

            // A third client stays, and the stop closes its connection.
            using var last = await TryStayAsync(server, clock);
            var hadFailed = clock.HasFailed;
            await StopAsync(server);

            Assert.Equal("Stopped", server.State);
            Assert.Equal(0, server.ActiveConnections);
            if (!clock.HasFailed)
            {
                Assert.InRange(n, 10, int.MaxValue);
                return;
            }

            if (hadFailed)
            {
                Assert.Contains(server.GetEvents(), static e => e.Kind == "Error" && e.Message == Asked);
            }
        }
    }

    [Theory]
    [MemberData(nameof(TransportsAndModes))]
    public async Task A_clock_that_fails_loses_one_datagram_and_delays_no_stop(string transport, bool aside)
    {
        for (var n = 1; ; n++)
        {
            using var clock = new FailingClock(n);
            EchoServer server;
            try
            {
                server = EchoServer.Start(new EchoServerOptions
                {
                    Address = "127.0.0.1", Protocol = SocketProtocol.Udp, Transport = transport, Clock = clock, ResponseFormat = "{Message}",
                    MinDelayMilliseconds = aside ? 1 : 0, MaxDelayMilliseconds = aside ? 1 : 0,
                });
            }
            catch (InvalidOperationException exception) when (exception.Message == Asked)
            {
                continue;
            }

            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            client.Connect(IPAddress.Loopback, server.Port);
            Task<int>? answer = null;
            for (var i = 0; i < 3; i++)
            {
                // One datagram may be lost to the fault; every other one is answered.
                var loss = clock.HasFailed ? Task.Delay(Patience.Long) : clock.Failed;
                client.Send(Encoding.UTF8.GetBytes($"{i}"));
                answer ??= client.ReceiveAsync(new byte[100], SocketFlags.None);
                var first = await Task.WhenAny(answer, loss).WaitAsync(Patience.Long);
                if (first == answer)
                {
                    await answer;
                    answer = null;
                }
            }

            Assert.True(answer is null || clock.HasFailed);

            await StopAsync(server);
            Assert.Equal("Stopped", server.State);
            if (!clock.HasFailed)
            {
                Assert.InRange(n, 5, int.MaxValue);
                return;
            }
        }
    }

    [Fact]
    public async Task A_channel_that_fails_ends_its_connection_and_delays_no_stop()
    {
        for (var n = 1; ; n++)
        {
            var record = new ServerRecord(new EventJournal(new ServerIdentity(1, "lab", 7007), 1000, Encoding.UTF8, Clock.System), Clock.System);
            var admission = new ConnectionAdmission(new EchoServerOptions { IdleTimeout = TimeSpan.FromMinutes(1) }.ToPlan(), record, 10, null);
            var listeners = SocketOpener.Listen([IPAddress.Parse(OwnAddress.Pick())], 0, 10);
            var failing = new Countdown(n);
            using var patience = new CancellationTokenSource();
            using var transport = new AsyncTransport<FailingChannel>(
                listeners,
                admission,
                sequential: false,
                (socket, pump) => new FailingChannel(new SocketChannel(socket, 1024, pump), failing),
                handshakes: null,
                static (exception, _) => Assert.Fail(exception.ToString()));
            transport.Start();
            var endPoint = (IPEndPoint)listeners[0].LocalEndPoint!;

            // The fault ends one of them; both have connected, and are open when the server stops.
            using var first = await BareClient.ConnectAsync(endPoint.Address, endPoint.Port);
            using var second = await BareClient.ConnectAsync(endPoint.Address, endPoint.Port);
            var answered = await TryExchangeAsync(first, failing) ? 1 : 0;
            answered += await TryExchangeAsync(second, failing) ? 1 : 0;
            Assert.InRange(answered, 1, 2);

            patience.Cancel();
            await transport.StopAsync(patience.Token).WaitAsync(Patience.Long);
            Assert.Equal(0, record.ActiveConnections);
            if (!failing.HasFailed)
            {
                Assert.InRange(n, 5, int.MaxValue);
                return;
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_channel_that_cannot_be_made_ends_its_connection_alone(bool sequential)
    {
        var record = new ServerRecord(new EventJournal(new ServerIdentity(1, "lab", 7007), 1000, Encoding.UTF8, Clock.System), Clock.System);
        var admission = new ConnectionAdmission(new EchoServerOptions().ToPlan(), record, 1, null);
        var listeners = SocketOpener.Listen([IPAddress.Parse(OwnAddress.Pick())], 0, 10);
        var failing = new Countdown(1);
        using var transport = new AsyncTransport<SocketChannel>(
            listeners,
            admission,
            sequential,
            (socket, pump) =>
            {
                failing.Count();
                return new SocketChannel(socket, 1024, pump);
            },
            handshakes: null,
            static (exception, _) => Assert.Fail(exception.ToString()));
        transport.Start();
        var endPoint = (IPEndPoint)listeners[0].LocalEndPoint!;
        using (var failed = await BareClient.ConnectAsync(endPoint.Address, endPoint.Port))
        {
            Assert.Empty(await failed.ReceiveToEndAsync());
        }

        // The limit is one connection, and one at a time.
        using (var served = await BareClient.ConnectAsync(endPoint.Address, endPoint.Port))
        {
            await served.ExchangeAsync("still here");
        }

        await transport.StopAsync(new CancellationToken(canceled: true)).WaitAsync(Patience.Long);
        Assert.Equal((1, 2, 0, 0), (record.Journal.Errors.Count, record.TotalConnections, record.ActiveConnections, record.RejectedConnections));
        Assert.Empty(transport.Conversations);
    }

    [Theory]
    [InlineData(SocketProtocol.Tcp)]
    [InlineData(SocketProtocol.Udp)]
    public async Task A_listener_whose_socket_is_closed_by_other_code_is_reported_and_the_other_continues(SocketProtocol protocol)
    {
        var plan = new EchoServerOptions().ToPlan();
        var record = new ServerRecord(new EventJournal(new ServerIdentity(1, "lab", 7007), 1000, Encoding.UTF8, Clock.System), Clock.System);
        List<Socket> listeners = protocol == SocketProtocol.Udp
            ? [SocketOpener.BindDatagram([IPAddress.Loopback], 0)[0], SocketOpener.BindDatagram([IPAddress.Loopback], 0)[0]]
            : [SocketOpener.Listen([IPAddress.Parse(OwnAddress.Pick())], 0, 10)[0], SocketOpener.Listen([IPAddress.Parse(OwnAddress.Pick())], 0, 10)[0]];
        var lost = new TaskCompletionSource<Socket?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using ServerTransport transport = protocol == SocketProtocol.Udp
            ? new AsyncDatagramTransport(listeners, plan, record, 10, null, (_, socket) => lost.TrySetResult(socket))
            : new AsyncTransport<SocketChannel>(
                listeners,
                new ConnectionAdmission(plan, record, 10, null),
                sequential: false,
                static (socket, pump) => new SocketChannel(socket, 1024, pump),
                handshakes: null,
                (_, socket) => lost.TrySetResult(socket));
        transport.Start();
        var endPoint = (IPEndPoint)listeners[1].LocalEndPoint!;
        listeners[0].Dispose();

        Assert.Same(listeners[0], await lost.Task.WaitAsync(Patience.Long));
        if (protocol == SocketProtocol.Tcp)
        {
            using var client = await BareClient.ConnectAsync(endPoint.Address, endPoint.Port);
            await client.ExchangeAsync("still here");
        }

        await transport.StopAsync(new CancellationToken(canceled: true)).WaitAsync(Patience.Long);
    }

    [Theory]
    [MemberData(nameof(TransportsAndModes))]
    public async Task A_server_lists_its_remaining_listeners_and_is_faulted_when_the_last_fails(string transport, bool sequential)
    {
        if (!IPv6Stack.IsEnabled())
        {
            return;
        }

        using var server = EchoServer.Start(new EchoServerOptions { Address = "localhost", Transport = transport, IsSequential = sequential });
        Assert.Equal($"127.0.0.1:{server.Port}, [::1]:{server.Port}", server.EndPoint);
        var sockets = server.OpenSockets();

        // Once with a client being served: a sequential server accepts none meanwhile, and detects the loss all the same.
        // Closing a socket waits for those who hold it.
        Task closing;
        using (var before = await BareClient.ConnectAsync(IPAddress.IPv6Loopback, server.Port))
        {
            await before.ExchangeAsync("before");
            closing = Task.Run(sockets[0].Dispose);
            await before.ExchangeAsync("meanwhile");
        }

        await closing.WaitAsync(Patience.Long);
        var lost = (await server.UntilAsync(ServerEventKind.Error)).Single(static e => e.Kind == "Error");
        Assert.Contains($"127.0.0.1:{server.Port}", lost.Message, StringComparison.Ordinal);
        Assert.Equal(("Listening", $"[::1]:{server.Port}"), (server.State, server.EndPoint));
        for (var i = 0; i < 3; i++)
        {
            using var client = await BareClient.ConnectAsync(IPAddress.IPv6Loopback, server.Port);
            await client.ExchangeAsync("still here");
        }

        await Task.Run(sockets[1].Dispose).WaitAsync(Patience.Long);
        await server.UntilAsync(ServerEventKind.Error, 2);
        Assert.Equal(("Faulted", $"[::1]:{server.Port}"), (server.State, server.EndPoint));
        Assert.Empty(server.OpenSockets());
        Assert.Contains("other addresses", lost.Message, StringComparison.Ordinal);
        Assert.Contains("the last of the server's addresses", server.Error, StringComparison.Ordinal);
        await StopAsync(server);
        Assert.Equal(2, server.Errors);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_udp_server_whose_sockets_are_closed_by_other_code_says_so_and_is_faulted_when_the_last_is(string transport)
    {
        if (!IPv6Stack.IsEnabled())
        {
            return;
        }

        using var server = EchoServer.Start(new EchoServerOptions { Address = "localhost", Protocol = SocketProtocol.Udp, Transport = transport });
        var sockets = server.OpenSockets();
        await Task.Run(sockets[0].Dispose).WaitAsync(Patience.Long);
        await server.UntilAsync(ServerEventKind.Error);
        Assert.Equal(("Listening", $"[::1]:{server.Port}"), (server.State, server.EndPoint));
        using (var client = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp))
        {
            client.Connect(IPAddress.IPv6Loopback, server.Port);
            client.Send("still here"u8.ToArray());
            Assert.Equal(10, await client.ReceiveAsync(new byte[100], SocketFlags.None).WaitAsync(Patience.Long));
        }

        await Task.Run(sockets[1].Dispose).WaitAsync(Patience.Long);
        await server.UntilAsync(ServerEventKind.Error, 2);
        Assert.Equal("Faulted", server.State);
        await StopAsync(server);
        Assert.Equal(2, server.Errors);
    }

    [Fact]
    public void An_idle_limit_too_short_to_be_measured_is_refused()
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoServer.Start(new EchoServerOptions { IdleTimeout = TimeSpan.FromTicks(4000) }));
        Assert.Equal(SocketToolsError.InvalidOption, error.Error);
        Assert.Contains("0.001", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_responder_whose_disposal_fails_does_not_keep_its_server_from_stopping()
    {
        using var server = EchoServer.Start(new EchoServerOptions { Address = OwnAddress.Pick(), Responder = new UndisposableResponder() });

        await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);

        Assert.Equal("Stopped", server.State);
        Assert.Equal("Started  Error Failure Stopped ", string.Join(' ', server.GetEvents().Select(static e => $"{e.Kind} {e.Reason}")));
        Assert.Equal(Asked, server.GetEvents()[1].Message);
        await server.WhenStopped().WaitAsync(Patience.Long);
    }

#if !NETSTANDARD_BUILD
    [Fact]
    [Trait("System", "Linux")]
    public async Task A_loop_continues_after_exceptions_of_its_actions_and_sources()
    {
        using var loop = new EpollLoop(0, static _ => { });
        var reported = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(static () => throw new InvalidOperationException(Asked), reported.SetResult);
        Assert.Equal(Asked, (await reported.Task.WaitAsync(Patience.Long)).Message);

        // The report itself may throw, too.
        loop.Post(static () => throw new InvalidOperationException(Asked), static exception => throw exception);
        await Assert.ThrowsAsync<InvalidOperationException>(() => loop.PostAsync(static () => throw new InvalidOperationException(Asked)).WaitAsync(Patience.Long));

        var onTime = new ThrowingSource();
        var onTurn = new ThrowingSource();
        await loop.PostAsync(() =>
        {
            loop.SetTimer(onTime, Deadline.AfterMilliseconds(1));
            loop.Yield(onTurn);
        }).WaitAsync(Patience.Long);
        await onTime.HasFailed.WaitAsync(Patience.Long);
        await onTurn.HasFailed.WaitAsync(Patience.Long);
        await loop.PostAsync(static () => { }).WaitAsync(Patience.Long);
    }

    private sealed class ThrowingSource : PumpHandler
    {
        private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task HasFailed => _failed.Task;

        public override void OnReady(int events) => throw new InvalidOperationException(Asked);

        public override void OnTime() => throw new InvalidOperationException(Asked);

        public override void OnResume() => throw new InvalidOperationException(Asked);

        public override void Fail(Exception exception)
        {
            _failed.SetResult();
            throw exception;
        }
    }
#endif

    private static async Task StopAsync(EchoServer server)
    {
        try
        {
            await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
        }
        catch (InvalidOperationException exception) when (exception.Message == Asked)
        {
            // It failed before anything was done, so that a second call works.
            await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
        }
    }

    /// <summary>Converses to the end, unless the fault ends the connection.</summary>
    private static async Task TryExchangeAsync(EchoServer server, FailingClock clock)
    {
        var hadFailed = clock.HasFailed;
        try
        {
            using var client = await BareClient.ConnectAsync(server);
            await client.ExchangeAsync("a message\n");
            client.EndOutput();
            Assert.Empty(await client.ReceiveToEndAsync());
        }
        catch (Exception) when (!hadFailed && clock.HasFailed)
        {
        }
    }

    private static async Task<BareClient?> TryStayAsync(EchoServer server, FailingClock clock)
    {
        var hadFailed = clock.HasFailed;
        BareClient? client = null;
        try
        {
            client = await BareClient.ConnectAsync(server);
            await client.ExchangeAsync("a message\n");
        }
        catch (Exception) when (!hadFailed && clock.HasFailed)
        {
        }

        return client;
    }

    private static async Task<bool> TryExchangeAsync(BareClient client, Countdown failing)
    {
        try
        {
            await client.ExchangeAsync("a message");
            return true;
        }
        catch (Exception) when (failing.HasFailed)
        {
            return false;
        }
    }

    /// <summary>Fails at one call, whoever makes it.</summary>
    private sealed class Countdown(int n)
    {
        private int _left = n;

        public bool HasFailed => Volatile.Read(ref _left) <= 0;

        public void Count()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                throw new InvalidOperationException(Asked);
            }
        }
    }

    private sealed class FailingClock(int n) : Clock, IDisposable
    {
        private readonly Countdown _calls = new(n);
        private readonly CancellationTokenSource _failed = new();

        public bool HasFailed => _calls.HasFailed;

        /// <summary>Completes when it has failed.</summary>
        public Task Failed => Task.Delay(Timeout.Infinite, _failed.Token);

        public override long UtcTicks
        {
            get
            {
                Count();
                return base.UtcTicks;
            }
        }

        public override long Timestamp
        {
            get
            {
                Count();
                return base.Timestamp;
            }
        }

        public void Dispose() => _failed.Dispose();

        private void Count()
        {
            try
            {
                _calls.Count();
            }
            catch (InvalidOperationException)
            {
                _failed.CancelAfter(0);
                throw;
            }
        }
    }

    private sealed class FailingChannel(SocketChannel channel, Countdown calls) : IChannel
    {
        private SocketChannel _channel = channel;

        public bool ReportsReset => _channel.ReportsReset;

        public bool HasClientReset => _channel.HasClientReset;

        public bool HasClientEnded => _channel.HasClientEnded;

        public int QueuedBytes => _channel.QueuedBytes;

        public bool HasBytesAvailable => _channel.HasBytesAvailable;

        public bool IsBusy => _channel.IsBusy;

        public string? TlsProtocol => _channel.TlsProtocol;

        public PeerCertificate? ClientCertificate => null;

        public void Watch(Connection connection)
        {
            calls.Count();
            _channel.Watch(connection);
        }

        public bool OnReady(int events)
        {
            calls.Count();
            return _channel.OnReady(events);
        }

        public Task OpenAsync() => _channel.OpenAsync();

        public void RejectHandshake() => _channel.RejectHandshake();

        public int TryReceive(bool force, out byte[] buffer, out SocketError error)
        {
            calls.Count();
            return _channel.TryReceive(force, out buffer, out error);
        }

        public int TrySend(byte[] buffer, int offset, int count, out SocketError error)
        {
            calls.Count();
            return _channel.TrySend(buffer, offset, count, out error);
        }

        public SocketError TryEndOutput()
        {
            calls.Count();
            return _channel.TryEndOutput();
        }

        public string Explain(SocketError error) => _channel.Explain(error);

        public void SetResetOnClose()
        {
            calls.Count();
            _channel.SetResetOnClose();
        }

        public void Close(Connection connection)
        {
            // The worst case is a close that works, and throws all the same.
            _channel.Close(connection);
            calls.Count();
        }

        public void Dispose()
        {
            _channel.Dispose();
            calls.Count();
        }
    }

    private sealed class UndisposableResponder : IMessageResponder
    {
        public Task<byte[]?> RespondAsync(ReceivedMessage message, CancellationToken cancellationToken) => Task.FromResult<byte[]?>(null);

        public void Dispose() => throw new InvalidOperationException(Asked);
    }
}
