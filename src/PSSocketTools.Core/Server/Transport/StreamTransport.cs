using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Serves stream connections; derived classes accept them.</summary>
/// <param name="sockets">The sockets that listen.</param>
/// <param name="admission">Admits or rejects clients.</param>
/// <param name="handshakes">The handshakes that come before the conversations; null for none.</param>
/// <param name="usesSlot">Whether clients are served one at a time by <see cref="Slot"/>.</param>
/// <param name="onFailure">Called with what ended accepting, and the socket; null for all of them.</param>
internal abstract class StreamTransport(
    IReadOnlyList<Socket> sockets, ConnectionAdmission admission, Handshakes? handshakes, bool usesSlot, Action<Exception, Socket?> onFailure)
    : ServerTransport(admission.Record, onFailure)
{
    private readonly HashSet<Connection> _connections = [];
    private readonly TaskCompletionSource<bool> _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _stopped;

    /// <inheritdoc/>
    public override int? WaitingConnections => AcceptQueue.Length(Sockets);

    /// <inheritdoc/>
    public override IReadOnlyList<Conversation> Conversations => Admission.Open.All();

    /// <summary>Admits or rejects clients.</summary>
    public ConnectionAdmission Admission { get; } = admission;

    /// <summary>The time limit of a handshake; zero for none.</summary>
    public TimeSpan HandshakeTimeout => Handshakes?.Timeout ?? TimeSpan.Zero;

    /// <summary>The sockets that listen.</summary>
    protected IReadOnlyList<Socket> Sockets { get; } = sockets;

    /// <summary>The handshakes that come before the conversations; null for none.</summary>
    protected Handshakes? Handshakes { get; } = handshakes;

    /// <summary>Held by the client that is served, so that only one is; null for no such limit.</summary>
    protected SemaphoreSlim? Slot { get; } = usesSlot ? new SemaphoreSlim(1) : null;

    /// <summary>Cancelled when the server stops.</summary>
    protected CancellationTokenSource Stopping { get; } = new();

    /// <inheritdoc/>
    public sealed override void Start()
    {
        // The first connection, or the first failure, would load this, and then there may be no descriptor for it.
        GC.KeepAlive(typeof(SslStream));
        GC.KeepAlive(new AuthenticationException(new SocketException((int)SocketError.TooManyOpenSockets).Message));
        GC.KeepAlive(Messages.Get("DescriptorsShort", 0));
        BeginAccepting();
    }

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

    /// <summary>Called when a handshake has ended, successfully or not.</summary>
    public void HandshakeEnded() => Handshakes?.Ended();

    /// <summary>Called when a conversation has ended, whose socket may still be closing: the next client of a sequential server may be served.</summary>
    public virtual void ReleaseSlot() => Slot?.Release();

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

    /// <summary>Begins to accept.</summary>
    protected abstract void BeginAccepting();

    /// <summary>Ends accepting; the task completes when no further connection will be added.</summary>
    protected abstract Task EndAcceptingAsync();

    /// <summary>
    /// Makes the connection of an accepted socket, unless the client is rejected. A failure is reported in the journal, and does not
    /// affect other connections.
    /// </summary>
    /// <param name="remote">The client's endpoint.</param>
    /// <param name="local">The endpoint that it connected to, where <see cref="ConnectionAdmission.NeedsLocalEndPoint"/>.</param>
    /// <param name="connect">Makes the connection, which owns the socket from then on. There is no conversation before a handshake.</param>
    /// <returns>The connection, which the caller begins; null for none, and the caller closes the socket.</returns>
    protected Connection? TryConnect(EndPoint? remote, EndPoint? local, Func<ClientRecord, Conversation?, Connection> connect)
    {
        Conversation? conversation = null;
        var isHandshaking = false;
        try
        {
            if (Admission.TryIdentify(remote, local) is not { } client)
            {
                return null;
            }

            if (Handshakes is null)
            {
                conversation = Admission.TryAdmit(client);
            }
            else
            {
                isHandshaking = Handshakes.TryBegin(client, Record);
            }

            if (conversation is null && !isHandshaking)
            {
                return null;
            }

            var connection = connect(client, conversation);
            lock (_connections)
            {
                _connections.Add(connection);
            }

            return connection;
        }
#pragma warning disable CA1031 // Reported, as the summary says.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report(exception);
            if (isHandshaking)
            {
                HandshakeEnded();
            }

            if (conversation is not null)
            {
                Admission.Abandon(conversation);
            }

            return null;
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
