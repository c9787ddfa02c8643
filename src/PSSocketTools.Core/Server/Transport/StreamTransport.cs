using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Serves clients over connections, whose bytes are a stream; what derives from it accepts them.</summary>
internal abstract class StreamTransport(IReadOnlyList<Socket> sockets, Reception reception) : ServerTransport
{
    private readonly HashSet<Connection> _connections = [];
    private readonly TaskCompletionSource<bool> _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _stopped;

    /// <inheritdoc/>
    public override int? WaitingConnections => ListenBacklog.Waiting(Sockets);

    /// <summary>What the server knows of its doings.</summary>
    public ServerRecord Record => Reception.Record;

    /// <summary>How long a client may take until it is ready for bytes.</summary>
    public virtual TimeSpan HandshakeTimeout => Timeout.InfiniteTimeSpan;

    /// <summary>The sockets that listen.</summary>
    protected IReadOnlyList<Socket> Sockets { get; } = sockets;

    /// <summary>Decides who is admitted.</summary>
    protected Reception Reception { get; } = reception;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken patienceEnded)
    {
        await Attempt.ToAsync(EndAcceptingAsync, Report).ConfigureAwait(false);
        foreach (var socket in Sockets)
        {
            Attempt.To(socket.Dispose, Report);
        }

        // From here on no connection is added.
        lock (_connections)
        {
            _stopped = true;
            if (_connections.Count == 0)
            {
                _empty.TrySetResult(true);
            }
        }

        Signal(ConnectionSignal.Drain);
        await WhenAnyAsync(_empty.Task, patienceEnded).ConfigureAwait(false);
        Signal(ConnectionSignal.Abort);
        await _empty.Task.ConfigureAwait(false);
    }

    /// <summary>Ends when a client that has finished its handshake may be served: at once, or when its turn has come; false when the server stops before.</summary>
    public virtual Task<bool> TakeTurnAsync() => Task.FromResult(true);

    /// <summary>Admits a client that has finished its handshake; null where as many as allowed are there.</summary>
    public Conversation? Admit(ConnectionFacts client) => Reception.Admit(client);

    /// <summary>A client's handshake is over, whether it is admitted or not.</summary>
    public virtual void HandshakeEnded()
    {
    }

    /// <summary>A conversation is over; its socket may still be closing.</summary>
    public abstract void ConversationEnded();

    /// <summary>A connection holds nothing any more.</summary>
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

    /// <summary>Ends accepting; the task ends when no further connection will be added.</summary>
    protected abstract Task EndAcceptingAsync();

    /// <summary>Keeps a connection until it is closed.</summary>
    protected void Add(Connection connection)
    {
        lock (_connections)
        {
            _connections.Add(connection);
        }
    }

    protected void Report(Exception exception) =>
        Attempt.To(() => Record.Failed(null, ServerEventReason.Fault, exception.Message));

    private void Signal(ConnectionSignal signal)
    {
        Connection[] connections;
        lock (_connections)
        {
            connections = [.. _connections];
        }

        foreach (var connection in connections)
        {
            Attempt.To(() => connection.Pump.Post(connection, signal), Report);
        }
    }
}
