using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport;
using PSSocketTools.Server.Transport.Async;
using PSSocketTools.Tls;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>A connection over a channel that behaves as no real peer does on demand.</summary>
public sealed class ConnectionTests : IDisposable
{
    private static readonly EchoServerOptions Greeting = new() { Greeting = "hello", IdleTimeout = TimeSpan.FromMilliseconds(50) };

    private readonly AsyncTransport<StuckChannel> _transport;
    private readonly ServerRecord _record = new(new EventJournal(new ServerIdentity(1, "lab", 7007), 100, System.Text.Encoding.UTF8, Clock.System), Clock.System);

    public ConnectionTests() => _transport = Make(sequential: false);

    public void Dispose() => _transport.Dispose();

    [Fact]
    public async Task A_long_send_times_out_only_when_the_client_acknowledges_nothing_more()
    {
        using var channel = new StuckChannel { Queued = new([400, 300, 200, 100, 100]) };

        var reason = await RunAsync(channel, Greeting);

        Assert.Equal("IdleTimeout", reason);
        Assert.Empty(channel.Queued);
        Assert.True(channel.IsReset);
    }

    [Fact]
    public async Task A_shutdown_that_would_block_does_not_keep_the_connection_open()
    {
        using var channel = new StuckChannel { Queued = new([0]), CanSend = true };

        var reason = await RunAsync(channel, Greeting with { Greeting = null });

        Assert.Equal("IdleTimeout", reason);
        Assert.False(channel.IsReset);
        Assert.True(channel.IsClosed);
    }

    [Fact]
    public async Task A_client_that_sends_nothing_is_not_idle_while_the_send_queue_shrinks()
    {
        using var channel = new StuckChannel { Queued = new([400, 300, 300]) };

        var reason = await RunAsync(channel, Greeting with { Greeting = null });

        Assert.Equal("IdleTimeout", reason);
        Assert.Empty(channel.Queued);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_that_comes_before_the_connection_begins_ends_it_without_a_fault(bool aborts)
    {
        using var channel = new StuckChannel { Opened = new TaskCompletionSource().Task };
        var client = new ClientRecord(1, "192.0.2.1", 49152, _record.Clock.Timestamp);
        using var pump = new AsyncPump();
        var connection = new Connection<StuckChannel>(_transport, client, null, channel, pump);
        pump.Connection = connection;

        connection.OnReady(0);
        connection.Drain();
        if (aborts)
        {
            connection.Abort();
        }

        connection.Begin();

        await channel.WhenDisposed.WaitAsync(Patience.Long);
        Assert.True(channel.IsClosed);
        Assert.DoesNotContain(_record.Journal.Read(1, int.MaxValue, default, out _), one => one.Kind == "Error");
    }

    [Fact]
    public async Task A_connection_that_fails_while_it_waits_for_the_slot_passes_the_slot_on()
    {
        using var transport = Make(sequential: true);
        Assert.True(await transport.WaitForSlotAsync());
        using var channel = new StuckChannel();
        using var pump = new AsyncPump();
        var connection = new Connection<StuckChannel>(transport, new ClientRecord(1, "192.0.2.1", 49152, _record.Clock.Timestamp), null, channel, pump);
        pump.Connection = connection;
        connection.Begin();

        connection.Fail(new InvalidOperationException("A failure that the test asks for."));
        transport.ReleaseSlot();

        Assert.True(await transport.WaitForSlotAsync().WaitAsync(Patience.Long));
        await channel.WhenDisposed.WaitAsync(Patience.Long);
    }

    private AsyncTransport<StuckChannel> Make(bool sequential) => new(
        [], new ConnectionAdmission(Greeting.ToPlan(), _record, 1, null), sequential, static (_, _) => throw new NotSupportedException(), null, static (_, _) => { });

    private async Task<string?> RunAsync(StuckChannel channel, EchoServerOptions options)
    {
        var plan = options.ToPlan();
        var client = new ClientRecord(1, "192.0.2.1", 49152, _record.Clock.Timestamp);
        Assert.True(_record.TryConnect(client, 1));
        var pump = new AsyncPump();
        pump.Connection = new Connection<StuckChannel>(_transport, client, new RawConversation(plan, client, _record), channel, pump);
        pump.Post(pump.Connection, ConnectionSignal.Begin);
        await channel.WhenDisposed.WaitAsync(Patience.Long);
        return _record.Journal.Read(1, int.MaxValue, default, out _)[^1].Reason;
    }

    /// <summary>Receives nothing, and sends without end.</summary>
    private sealed class StuckChannel : IChannel
    {
        private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task WhenDisposed => _disposed.Task;

        public Task Opened { get; init; } = Task.CompletedTask;

        public Queue<int> Queued { get; init; } = [];

        public bool CanSend { get; init; }

        public bool IsReset { get; private set; }

        public bool IsClosed { get; private set; }

        public bool ReportsReset => false;

        public bool HasClientReset => false;

        public bool HasClientEnded => false;

        public int QueuedBytes => Queued.Dequeue();

        public bool HasBytesAvailable => false;

        public bool IsBusy => !IsClosed;

        public string? TlsProtocol => null;

        public PeerCertificate? ClientCertificate => null;

        public void Watch(Connection connection)
        {
        }

        public bool OnReady(int events) => true;

        public Task OpenAsync() => Opened;

        public void RejectHandshake()
        {
        }

        public int TryReceive(bool force, out byte[] buffer, out SocketError error)
        {
            (buffer, error) = ([], SocketError.WouldBlock);
            return -1;
        }

        public int TrySend(byte[] buffer, int offset, int count, out SocketError error)
        {
            error = CanSend ? SocketError.Success : SocketError.WouldBlock;
            return CanSend ? count : -1;
        }

        public SocketError TryEndOutput() => SocketError.WouldBlock;

        public string Explain(SocketError error) => error.ToString();

        public void SetResetOnClose() => IsReset = true;

        public void Close(Connection connection) => IsClosed = true;

        public void Dispose() => _disposed.TrySetResult();
    }
}
