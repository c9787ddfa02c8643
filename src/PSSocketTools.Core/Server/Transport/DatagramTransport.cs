using System.Net;
using System.Net.Sockets;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Faults;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Responds to datagrams. A UDP server has no connections, but its peers get ids.</summary>
internal sealed class DatagramTransport : ServerTransport
{
    private const int MaxPeers = 4096;

    private readonly DatagramSocket[] _sockets;
    private readonly ConversationPlan _plan;
    private readonly ServerRecord _record;
    private readonly int _maxPendingResponses;
    private readonly Func<IPAddress, bool>? _isAllowed;
    private readonly Action<Exception, Socket?> _onFault;
    private readonly Dictionary<EndPoint, Peer> _peers = [];
    private readonly EchoLoopGuard _echoLoops;
    private readonly CancellationTokenSource _aborting = new();
    private readonly CancellationToken _aborted;
    private Task[] _loops = [];
    private int _lastPeer;
    private int _pendingResponses;
    private TaskCompletionSource<bool>? _drained;
    private volatile bool _stopping;

    public DatagramTransport(
        IReadOnlyList<Socket> sockets,
        ConversationPlan plan,
        ServerRecord record,
        int maxPendingResponses,
        Func<IPAddress, bool>? isAllowed,
        Action<Exception, Socket?> onFault)
    {
        _sockets = [.. sockets.Select(static socket => new DatagramSocket(socket))];
        _plan = plan;
        _record = record;
        _maxPendingResponses = maxPendingResponses;
        _isAllowed = isAllowed;
        _aborted = _aborting.Token;
        _onFault = onFault;
        _echoLoops = new EchoLoopGuard(((IPEndPoint)sockets[0].LocalEndPoint!).Port, record.Clock);
    }

    /// <inheritdoc/>
    public override string Name => "Async";

    /// <inheritdoc/>
    public override void Start() => _loops = [.. _sockets.Select(socket => Task.Run(() => ReceiveAllAsync(socket)))];

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken gracePeriodOver)
    {
        _stopping = true;
        var drained = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _drained = drained;
        if (Volatile.Read(ref _pendingResponses) == 0)
        {
            drained.TrySetResult(true);
        }

        await WhenAnyAsync(drained.Task, gracePeriodOver).ConfigureAwait(false);

        Attempt.To(_aborting.Cancel, Report);
        foreach (var socket in _sockets)
        {
            Attempt.To(socket.Dispose, Report);
        }

        await Attempt.ToAsync(() => Task.WhenAll(_loops), Report).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void Dispose() => _aborting.Dispose();

    private async Task ReceiveAllAsync(DatagramSocket socket)
    {
        using var output = new ResponseBuffer(_plan.Writer, carriesEmpty: true);
        using var operation = new DatagramOperation(socket);
        var buffer = new byte[ushort.MaxValue];
        try
        {
            while (!_stopping)
            {
                var count = await operation.ReceiveAsync(buffer).ConfigureAwait(false);
                if (operation.Error == SocketError.Success)
                {
                    await TryHandleAsync(operation, socket, buffer, count, output).ConfigureAwait(false);
                }
                else if (SocketErrors.EndsReceiving(operation.Error))
                {
                    // Unless the server stops, the socket failed or other code closed it.
                    throw _stopping ? new ObjectDisposedException(nameof(DatagramSocket)) : new SocketException((int)operation.Error);
                }
                else if (!SocketErrors.IsReset(operation.Error))
                {
                    // A reset is an ICMP "port unreachable" for a response to a peer that has gone; other errors are reported.
                    _record.Failed(null, ServerEventReason.Fault, new SocketException((int)operation.Error).Message);
                }
            }
        }
        catch (ObjectDisposedException) when (_stopping)
        {
            // The server stops.
        }
#pragma warning disable CA1031 // Any other exception that ends receiving is a fault of the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _onFault(exception, socket.Socket);
        }
    }

    /// <summary>Handles a datagram; a fault is reported in the journal, and does not affect the next datagrams.</summary>
    private async Task TryHandleAsync(DatagramOperation operation, DatagramSocket socket, byte[] buffer, int count, ResponseBuffer output)
    {
        try
        {
            await HandleAsync(operation, socket, buffer, count, output).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Reported, as the summary says.
        catch (Exception exception) when (!_stopping)
#pragma warning restore CA1031
        {
            output.Clear();
            Report(exception);
        }
    }

    private void Report(Exception exception) =>
        Attempt.To(() => _record.Failed(null, ServerEventReason.Fault, exception.Message));

    private async Task HandleAsync(DatagramOperation operation, DatagramSocket socket, byte[] buffer, int count, ResponseBuffer output)
    {
        var remote = (IPEndPoint)operation.Remote;
        var peer = PeerOf(remote);
        if (_echoLoops.WouldLoop(remote) || _isAllowed?.Invoke(remote.Address) == false)
        {
            _record.Rejected(peer.Facts, ServerEventReason.NotAllowed);
            return;
        }

        if (_plan.WritesLocalAddress)
        {
            peer.Facts.LocalAddress = EndPointText.Of(operation.Local.Address ?? ((IPEndPoint)socket.Socket.LocalEndPoint!).Address);
        }

        _record.AddBytesReceived(peer.Facts, count);
        var message = DatagramExchange.ToMessage(_plan, buffer, count);
        _record.MessageReceived(peer.Facts, buffer, 0, message.Count);
        var sequence = ++peer.Messages;
        var faults = _plan.Faults.Active is null ? null : new DatagramFaults(_plan.Faults, peer.Faults(_record));
        faults?.StrikeMessage();
        if (faults is { IsDropped: true })
        {
            return;
        }

        if (_plan.Options.Responder is not null || faults is not null || !peer.LastResponse.IsCompleted)
        {
            RespondInBackground(socket, operation.Local, peer, message, sequence, faults);
            return;
        }

        if (_plan.Options.IsPlain)
        {
            if (!_plan.Options.IsDiscarding)
            {
                await SendAsync(operation, operation.Local, peer, buffer, count, 0, count).ConfigureAwait(false);
            }

            return;
        }

        await DatagramExchange.WriteResponseAsync(_plan, _record, peer.Facts, null, message, sequence, output, _aborted).ConfigureAwait(false);
        await SendAsync(operation, operation.Local, peer, output).ConfigureAwait(false);
        output.Clear();
    }

    /// <summary>Responds in the background, so that slow responses don't delay others; above the limit datagrams are dropped, as UDP allows.</summary>
    private void RespondInBackground(
        DatagramSocket socket, IPPacketInformation local, Peer peer, Frame message, long sequence, DatagramFaults? faults)
    {
        if (Interlocked.Increment(ref _pendingResponses) > _maxPendingResponses)
        {
            EndResponse();
            _record.Rejected(peer.Facts, ServerEventReason.TooManyConnections);
            return;
        }

        peer.LastResponse = RespondInBackgroundAsync(peer.LastResponse, socket, local, peer, message, sequence, faults);
    }

    /// <summary>Responds to a message after the earlier ones of the same peer, however long each takes.</summary>
    private async Task RespondInBackgroundAsync(
        Task before, DatagramSocket socket, IPPacketInformation local, Peer peer, Frame message, long sequence, DatagramFaults? faults)
    {
        try
        {
            // The next receive reuses the buffer of the datagram.
            message = message.Copy();
            await before.ConfigureAwait(false);
            _aborted.ThrowIfCancellationRequested();
            using var output = new ResponseBuffer(_plan.Writer, carriesEmpty: true);
            using var operation = new DatagramOperation(socket);
            if (faults is not null)
            {
                await faults.WaitAsync(_aborted).ConfigureAwait(false);
            }

            var context = _plan.Options.Responder is null ? null : peer.Context ??= new ResponderContext(peer.Facts, _record, outbox: null);
            await DatagramExchange.WriteResponseAsync(_plan, _record, peer.Facts, context, message, sequence, output, _aborted).ConfigureAwait(false);
            if (faults is not null)
            {
                faults.StrikeResponse(output);
                await faults.WaitAsync(_aborted).ConfigureAwait(false);
            }

            for (var copies = faults is { IsDropped: true } ? 0 : faults is { IsDuplicated: true } ? 2 : 1; copies > 0; copies--)
            {
                await SendAsync(operation, local, peer, output).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException)
        {
            // The server stopped before the response was due.
        }
#pragma warning disable CA1031 // Any other failure of one response is reported in the journal, and does not affect the next ones.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Attempt.To(() => _record.Failed(peer.Facts, ServerEventReason.Fault, exception.Message));
        }
        finally
        {
            EndResponse();
        }
    }

    private void EndResponse()
    {
        if (Interlocked.Decrement(ref _pendingResponses) == 0)
        {
            _drained?.TrySetResult(true);
        }
    }

    private async Task SendAsync(DatagramOperation operation, IPPacketInformation local, Peer peer, ResponseBuffer output)
    {
        if (output.Responses.Count > 0)
        {
            var (offset, length) = output.Responses[0];
            await SendAsync(operation, local, peer, output.Buffer, output.Count, offset, length).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(
        DatagramOperation operation, IPPacketInformation local, Peer peer, byte[] buffer, int count, int contentOffset, int contentCount)
    {
        if (count > Datagram.MaxBytes)
        {
            _record.Failed(peer.Facts, ServerEventReason.MessageTooLarge, Messages.Get("DatagramTooLarge", count, Datagram.MaxBytes));
            return;
        }

        await operation.SendAsync(buffer, count, peer.EndPoint, peer.NativeEndPoint, local).ConfigureAwait(false);
        if (operation.Error == SocketError.Success)
        {
            _record.AddBytesSent(peer.Facts, count);
            _record.ResponseSent(peer.Facts, buffer, contentOffset, contentCount);
        }
        else if (!SocketErrors.IsAbort(operation.Error))
        {
            _record.Failed(peer.Facts, ServerEventReason.Fault, new SocketException((int)operation.Error).Message);
        }
    }

    private Peer PeerOf(IPEndPoint remote)
    {
        lock (_peers)
        {
            if (_peers.TryGetValue(remote, out var known))
            {
                return known;
            }

            if (_peers.Count >= MaxPeers)
            {
                // Removed peers get new ids later. Those with pending responses are kept, for the order of the next ones.
                foreach (var idle in _peers.Values.Where(static peer => peer.LastResponse.IsCompleted).ToArray())
                {
                    _peers.Remove(idle.EndPoint);
                }
            }

            var facts = new ConnectionFacts(++_lastPeer, EndPointText.Of(remote.Address), remote.Port, _record.Clock.Timestamp);
            var peer = new Peer(remote, facts);
            _peers.Add(remote, peer);
            return peer;
        }
    }

    private sealed class Peer(IPEndPoint endPoint, ConnectionFacts facts)
    {
        private FaultClient? _faults;

        public IPEndPoint EndPoint { get; } = endPoint;

        /// <summary>The endpoint in native form.</summary>
        public byte[] NativeEndPoint { get; } = DatagramSource.ToNative(endPoint);

        public ConnectionFacts Facts { get; } = facts;

        /// <summary>Completes with the last background response; never fails.</summary>
        public Task LastResponse { get; set; } = Task.CompletedTask;

        public long Messages { get; set; }

        /// <summary>The peer as the responder knows it; null before it is asked.</summary>
        public ResponderContext? Context { get; set; }

        /// <summary>The peer as faults see it. For the receive loop of its socket alone.</summary>
        public FaultClient Faults(ServerRecord record) => _faults ??= new FaultClient(Facts, record);
    }
}
