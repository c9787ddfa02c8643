using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Serves stream connections; derived classes accept them.</summary>
/// <param name="sockets">The sockets that listen.</param>
/// <param name="acceptor">Accepts or rejects connections.</param>
/// <param name="handshakes">The handshakes that come before the conversations; null for none.</param>
/// <param name="sequential">Whether clients are served one at a time.</param>
internal abstract class StreamTransport(
    IReadOnlyList<Socket> sockets, ConnectionAdmission acceptor, Handshakes? handshakes, bool sequential) : ServerTransport(acceptor.Record)
{
    private readonly HashSet<Connection> _connections = [];
    private readonly TaskCompletionSource<bool> _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _stopped;

    /// <inheritdoc/>
    public override int? WaitingConnections => ListenBacklog.Waiting(Sockets);

    /// <inheritdoc/>
    public override IReadOnlyList<Conversation> Conversations => ConnectionAdmission.Open.All();

    /// <summary>The time limit of a handshake; zero for none.</summary>
    public TimeSpan HandshakeTimeout => Handshakes?.Timeout ?? TimeSpan.Zero;

    /// <summary>The sockets that listen.</summary>
    protected IReadOnlyList<Socket> Sockets { get; } = sockets;

    /// <summary>Accepts or rejects connections.</summary>
    protected ConnectionAdmission ConnectionAdmission { get; } = acceptor;

    /// <summary>The handshakes that come before the conversations; null for none.</summary>
    protected Handshakes? Handshakes { get; } = handshakes;

    /// <summary>The slot of a sequential server; null when clients are served concurrently.</summary>
    protected SemaphoreSlim? Slot { get; } = sequential ? new SemaphoreSlim(1) : null;

    /// <summary>Cancelled when the server stops.</summary>
    protected CancellationTokenSource Stopping { get; } = new();

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken gracePeriodOver)
    {
        BestEffort.Run(Stopping.Cancel, Report);
        await BestEffort.RunAsync(EndAcceptingAsync, Report).ConfigureAwait(false);
        foreach (var socket in Sockets)
        {
            BestEffort.Run(socket.Dispose, Report);
        }

        // From now on no connection is added.
        lock (_connections)
        {
            _stopped = true;
            if (_connections.Count == 0)
            {
                _empty.TrySetResult(true);
            }
        }

        Signal(ConnectionSignal.Drain);
        await WhenAnyAsync(_empty.Task, gracePeriodOver).ConfigureAwait(false);
        Signal(ConnectionSignal.Abort);
        await _empty.Task.ConfigureAwait(false);
    }

    /// <summary>Completes with true when a client that has finished its handshake may be served, with false when the server stops before.</summary>
    public async Task<bool> WaitForSlotAsync()
    {
        try
        {
            await (Slot?.WaitAsync(Stopping.Token) ?? Task.CompletedTask).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Accepts a connection that has finished its handshake; null at the limit of connections.</summary>
    public Conversation? TryAccept(ClientFacts client) => ConnectionAdmission.TryAccept(client);

    /// <summary>Called when a handshake has ended, successfully or not.</summary>
    public void HandshakeEnded() => Handshakes?.Ended();

    /// <summary>Called when a conversation has ended; its socket may still be closing.</summary>
    public virtual void ConversationEnded() => Slot?.Release();

    /// <summary>Called when a connection has released its resources.</summary>
    public void Closed(Connection connection)
    {
        lock (_connections)
        {
            _connections.Remove(connection);
            if (_stopped && _connections.Count == 0)
            {
                _empty.TrySetResult(true);
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Stopping.Dispose();
        Slot?.Dispose();
    }

    /// <summary>Ends accepting; the task completes when no further connection will be added.</summary>
    protected abstract Task EndAcceptingAsync();

    /// <summary>Adds a connection, which is removed when it is closed.</summary>
    protected void Add(Connection connection)
    {
        lock (_connections)
        {
            _connections.Add(connection);
        }
    }

    private void Signal(ConnectionSignal signal)
    {
        Connection[] connections;
        lock (_connections)
        {
            connections = [.. _connections];
        }

        foreach (var connection in connections)
        {
            BestEffort.Run(() => connection.Pump.Post(connection, signal), Report);
        }
    }
}
