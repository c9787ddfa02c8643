using System.Net;
using System.Net.Sockets;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Answers datagrams. A UDP server has no connections; its peers are numbered as they are met.</summary>
internal sealed class DatagramTransport : ServerTransport
{
    private const int MaxPeers = 4096;

    private readonly DatagramSocket[] _sockets;
    private readonly ConversationPlan _plan;
    private readonly ServerRecord _record;
    private readonly int _maxUnderWay;
    private readonly Func<IPAddress, bool>? _isAllowed;
    private readonly Action<Exception, Socket?> _onFault;
    private readonly Dictionary<EndPoint, Peer> _peers = [];
    private readonly DatagramLoops _echoLoops;
    private readonly CancellationTokenSource _aborting = new();
    private readonly CancellationToken _aborted;
    private Task[] _loops = [];
    private int _lastPeer;
    private int _underWay;
    private TaskCompletionSource<bool>? _drained;
    private volatile bool _stopping;

    public DatagramTransport(
        IReadOnlyList<Socket> sockets,
        ConversationPlan plan,
        ServerRecord record,
        int maxUnderWay,
        Func<IPAddress, bool>? isAllowed,
        Action<Exception, Socket?> onFault)
    {
        _sockets = [.. sockets.Select(static socket => new DatagramSocket(socket))];
        _plan = plan;
        _record = record;
        _maxUnderWay = maxUnderWay;
        _isAllowed = isAllowed;
        _aborted = _aborting.Token;
        _onFault = onFault;
        _echoLoops = new DatagramLoops(((IPEndPoint)sockets[0].LocalEndPoint!).Port, record.Clock);
    }

    /// <inheritdoc/>
    public override string Name => "Async";

    /// <inheritdoc/>
    public override void Start() => _loops = [.. _sockets.Select(socket => Task.Run(() => ReceiveAllAsync(socket)))];

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken patienceEnded)
    {
        _stopping = true;
        var drained = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _drained = drained;
        if (Volatile.Read(ref _underWay) == 0)
        {
            drained.TrySetResult(true);
        }

        await WhenAnyAsync(drained.Task, patienceEnded).ConfigureAwait(false);

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
        using var outbox = new Outbox(carriesEmpty: true);
        using var operation = new DatagramOperation(socket);
        var buffer = new byte[ushort.MaxValue];
        try
        {
            while (!_stopping)
            {
                var count = await operation.ReceiveAsync(buffer).ConfigureAwait(false);
                if (operation.Error == SocketError.Success)
                {
                    await TryHandleAsync(operation, socket, buffer, count, outbox).ConfigureAwait(false);
                }
                else if (SocketErrors.EndsReceiving(operation.Error))
                {
                    // Without a stop, somebody else ended it.
                    throw _stopping ? new ObjectDisposedException(nameof(DatagramSocket)) : new SocketException((int)operation.Error);
                }
                else if (!SocketErrors.IsReset(operation.Error))
                {
                    // A reset is an ICMP "port unreachable" for an answer to a peer that is gone; anything else is worth telling.
                    _record.Failed(null, ServerEventReason.Fault, new SocketException((int)operation.Error).Message);
                }
            }
        }
        catch (ObjectDisposedException) when (_stopping)
        {
            // The server stops.
        }
#pragma warning disable CA1031 // Whatever else ends receiving is the server's fault, and is told as such.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _onFault(exception, socket.Socket);
        }
    }

    /// <summary>Handles a datagram; a fault with one is told in the journal, and costs the next ones nothing.</summary>
    private async Task TryHandleAsync(DatagramOperation operation, DatagramSocket socket, byte[] buffer, int count, Outbox outbox)
    {
        try
        {
            await HandleAsync(operation, socket, buffer, count, outbox).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As it says.
        catch (Exception exception) when (!_stopping)
#pragma warning restore CA1031
        {
            outbox.Clear();
            Report(exception);
        }
    }

    private void Report(Exception exception) =>
        Attempt.To(() => _record.Failed(null, ServerEventReason.Fault, exception.Message));

    private async Task HandleAsync(DatagramOperation operation, DatagramSocket socket, byte[] buffer, int count, Outbox outbox)
    {
        var remote = (IPEndPoint)operation.Remote;
        var peer = PeerOf(remote);
        if (_echoLoops.CanForm(remote) || _isAllowed?.Invoke(remote.Address) == false)
        {
            _record.Rejected(peer.Facts, ServerEventReason.NotAllowed);
            return;
        }

        _record.BytesCame(count);
        var message = DatagramExchange.ToMessage(_plan, buffer, count);
        _record.MessageReceived(peer.Facts, buffer, 0, message.Count);
        var sequence = ++peer.Messages;
        if (_plan.Responder is not null || _plan.MaxDelayMilliseconds > 0)
        {
            AnswerAside(socket, operation.Local, peer, message, sequence);
            return;
        }

        if (_plan.IsPlain)
        {
            if (!_plan.IsDiscarding)
            {
                await SendAsync(operation, operation.Local, peer, buffer, count, 0, count).ConfigureAwait(false);
            }

            return;
        }

        await DatagramExchange.AnswerAsync(_plan, _record, peer.Facts, message, sequence, outbox, _aborted).ConfigureAwait(false);
        await SendAsync(operation, operation.Local, peer, outbox).ConfigureAwait(false);
    }

    /// <summary>Answers that take their time don't hold up the others; past the limit a datagram is lost, as UDP may.</summary>
    private void AnswerAside(DatagramSocket socket, IPPacketInformation local, Peer peer, Frame message, long sequence)
    {
        if (Interlocked.Increment(ref _underWay) > _maxUnderWay)
        {
            EndUnderWay();
            _record.Rejected(peer.Facts, ServerEventReason.TooManyConnections);
            return;
        }

        peer.LastAnswer = AnswerAsideAsync(peer.LastAnswer, socket, local, peer, message, sequence);
    }

    /// <summary>Answers a message after those that the same peer sent before, whatever each of them takes.</summary>
    private async Task AnswerAsideAsync(Task before, DatagramSocket socket, IPPacketInformation local, Peer peer, Frame message, long sequence)
    {
        try
        {
            // The datagram is in the buffer of a receive, which goes on meanwhile.
            var copy = new byte[message.Count];
            Buffer.BlockCopy(message.Buffer, message.Offset, copy, 0, copy.Length);
            message = new Frame(copy, 0, copy.Length, message.Terminator, true);

            // Delays run side by side: each counts from when its message came.
            var delay = _plan.MaxDelayMilliseconds > 0 ? Task.Delay(peer.NextDelay(_plan), _aborted) : Task.CompletedTask;
            await before.ConfigureAwait(false);
            _aborted.ThrowIfCancellationRequested();
            using var outbox = new Outbox(carriesEmpty: true);
            using var operation = new DatagramOperation(socket);
            await DatagramExchange.AnswerAsync(_plan, _record, peer.Facts, message, sequence, outbox, _aborted).ConfigureAwait(false);
            await delay.ConfigureAwait(false);
            await SendAsync(operation, local, peer, outbox).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException)
        {
            // The server stopped before the answer was due.
        }
#pragma warning disable CA1031 // Whatever else goes wrong with one answer is told in the journal, and costs the next ones nothing.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Attempt.To(() => _record.Failed(peer.Facts, ServerEventReason.Fault, exception.Message));
        }
        finally
        {
            EndUnderWay();
        }
    }

    private void EndUnderWay()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
        {
            _drained?.TrySetResult(true);
        }
    }

    private async Task SendAsync(DatagramOperation operation, IPPacketInformation local, Peer peer, Outbox outbox)
    {
        if (outbox.Answers.Count > 0)
        {
            var (offset, length) = outbox.Answers[0];
            await SendAsync(operation, local, peer, outbox.Buffer, outbox.Count, offset, length).ConfigureAwait(false);
            outbox.Clear();
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
            _record.BytesLeft(count);
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
                // Forgotten peers get new numbers. Those with answers under way are kept, for the order of the next ones.
                foreach (var idle in _peers.Values.Where(static peer => peer.LastAnswer.IsCompleted).ToArray())
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
        private readonly Random _random = new(facts.Id);

        public IPEndPoint EndPoint { get; } = endPoint;

        /// <summary>The same, for the system's calls.</summary>
        public byte[] NativeEndPoint { get; } = DatagramSource.ToNative(endPoint);

        public ConnectionFacts Facts { get; } = facts;

        /// <summary>Ends with the last of the answers that are made aside; never fails.</summary>
        public Task LastAnswer { get; set; } = Task.CompletedTask;

        public long Messages { get; set; }

        public int NextDelay(ConversationPlan plan)
        {
            lock (_random)
            {
                return _random.Next(plan.MinDelayMilliseconds, plan.MaxDelayMilliseconds + 1);
            }
        }
    }
}
