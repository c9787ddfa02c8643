using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Authentication;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Drives one conversation over a channel: one loop, one signal, no thread while it waits and no allocation a message.</summary>
internal sealed class AsyncConnection
{
    // How often a client is looked at that nothing is received from: only asking tells then that it was reset.
    private const int LookMilliseconds = 500;

    private readonly AsyncTransport _transport;
    private readonly ConnectionFacts _client;
    private readonly ServerRecord _record;
    private readonly ByteChannel _channel;
    private readonly AsyncSignal _signal;
    private Timer? _timer;

    // Set before anything is conversed; null until the client is let in.
    private Conversation _conversation;

    // Whether the server, one that serves a client at a time, serves this one.
    private bool _hasTurn;
    private long _deadline;

    // When the client is looked at next, while something else is waited for; for ever before it has to be.
    private long _looksAt = long.MaxValue;

    // When the timer rings; for ever when it has rung, which it tells from a thread of its own.
    private long _ringsAt = long.MaxValue;
    private volatile bool _hasRung;

    // An operation is under way, and holds its buffer.
    private bool _receiving;
    private bool _sending;
    private int _queued;
    private bool _inputEnded;
    private bool _reset;
    private volatile bool _draining;
    private volatile bool _aborted;

    /// <param name="transport">What it belongs to.</param>
    /// <param name="client">Who it is with.</param>
    /// <param name="conversation">What it is about; null for a client that is let in when its channel is open.</param>
    /// <param name="record">The journal and the counters.</param>
    /// <param name="channel">What moves its bytes.</param>
    /// <param name="signal">What the channel wakes it with.</param>
    public AsyncConnection(
        AsyncTransport transport, ConnectionFacts client, Conversation? conversation, ServerRecord record, ByteChannel channel, AsyncSignal signal)
    {
        _transport = transport;
        _client = client;
        _conversation = conversation!;
        _hasTurn = conversation is not null;
        _record = record;
        _channel = channel;
        _signal = signal;
    }

    /// <summary>Ends the conversation once nothing is owed.</summary>
    public void Drain()
    {
        _draining = true;
        _signal.SetElsewhere();
    }

    /// <summary>Ends the connection whatever is under way.</summary>
    public void Abort()
    {
        _aborted = true;
        Attempt.To(_channel.Close, Report);
        _signal.SetElsewhere();
    }

    /// <summary>Converses until the end; never fails, since its failures are the journal's.</summary>
    public async Task RunAsync()
    {
        var reason = ServerEventReason.Fault;
        try
        {
            reason = await OpenAsync().ConfigureAwait(false)
                ? await ConverseAsync().ConfigureAwait(false)
                : ServerEventReason.HandshakeFailed;
        }
#pragma warning disable CA1031 // A fault in one connection is told in the journal and ends that connection alone.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            // What an operation meets when its channel is closed under it is no failure.
            if (!_aborted || exception is not (SocketException or ObjectDisposedException or IOException))
            {
                Report(exception);
            }

            reason = _aborted ? ServerEventReason.ServerStopped : reason;
        }

        // Whatever becomes of one of these, the server must learn that the connection is gone.
        if (_conversation is not null)
        {
            Attempt.To(() => _record.Disconnected(_client, reason), Report);
        }

        if (_hasTurn)
        {
            Attempt.To(_transport.ConversationEnded, Report);
        }

        await Attempt.ToAsync(() => CloseAsync(reason), Report).ConfigureAwait(false);
        _transport.Closed(this);
    }

    /// <summary>Tells in the journal what failed.</summary>
    private void Report(Exception exception) =>
        Attempt.To(() => _record.Failed(_client, ServerEventReason.Fault, exception.Message));

    /// <summary>Readies the channel and lets the client in; one that takes too long over its handshake is dropped.</summary>
    private async Task<bool> OpenAsync()
    {
        if (_conversation is not null)
        {
            await _channel.OpenAsync().ConfigureAwait(false);
            return true;
        }

        try
        {
            if (!await ShakeHandsAsync().ConfigureAwait(false))
            {
                return false;
            }

            _hasTurn = await _transport.TakeTurnAsync().ConfigureAwait(false);
            _conversation = _hasTurn ? _transport.Admit(_client)! : null!;
            return _conversation is not null;
        }
        finally
        {
            _transport.HandshakeEnded();
        }
    }

    private async Task<bool> ShakeHandsAsync()
    {
        var isGivenUp = false;
        try
        {
            // What fails at once, on bytes that are there already, fails as what takes its time.
            var opening = _channel.OpenAsync();
            SetTimer((int)_transport.HandshakeTimeout.TotalMilliseconds);
            if (!opening.IsCompleted)
            {
                SignalWhenOver(opening);
            }

            while (!opening.IsCompleted)
            {
                // A stop owes nothing to who has not finished.
                if (_aborted || _draining)
                {
                    isGivenUp = true;
                    _channel.Close();
                    break;
                }

                if (IsTimeUp())
                {
                    isGivenUp = true;
                    _channel.Close();
                    _record.Failed(
                        _client, ServerEventReason.HandshakeFailed, Messages.Get("HandshakeTimeout", _transport.HandshakeTimeout.TotalSeconds));
                    break;
                }

                await _signal;
            }

            await opening.ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or AuthenticationException or InvalidOperationException or NotSupportedException)
        {
            if (!_aborted && !isGivenUp)
            {
                _record.Failed(_client, ServerEventReason.HandshakeFailed, exception.GetBaseException().Message);
            }

            return false;
        }
    }

    private async Task<ServerEventReason> ConverseAsync()
    {
        var receivesInARow = 0;
        while (true)
        {
            var step = _conversation.Next();
            switch (step.Kind)
            {
                case StepKind.Send:
                    var left = step.Count;
                    while (left > 0)
                    {
                        if (!_channel.BeginSend(step.Buffer, step.Offset + step.Count - left, left))
                        {
                            _sending = true;
                            AwaitRoom(step.Milliseconds);
                            while (!_channel.IsSendOver && !HasStalled(step.Milliseconds))
                            {
                                await _signal;
                            }

                            if (!_channel.IsSendOver)
                            {
                                _conversation.Stalled();
                                break;
                            }

                            _sending = false;
                        }

                        var count = _channel.EndSend(out var sendError);
                        if (sendError != SocketError.Success)
                        {
                            return Broken(sendError);
                        }

                        left -= count;
                        _record.BytesLeft(count);
                    }

                    if (left == 0)
                    {
                        _conversation.Sent();
                    }

                    break;

                case StepKind.Receive:
                    if (!_receiving && _channel.BeginReceive())
                    {
                        if (++receivesInARow == ServerTransport.StepsInARow)
                        {
                            receivesInARow = 0;
                            await Task.Yield();
                        }
                    }
                    else
                    {
                        receivesInARow = 0;
                        _receiving = true;

                        // A receive that outlived a pause may have ended while something else was waited for, its signal taken.
                        var isOver = _channel.IsReceiveOver;
                        SetTimer(isOver ? Step.Forever : step.Milliseconds);
                        _queued = -1;
                        while (!isOver && (!IsTimeUp() || TakesIn(step)))
                        {
                            if (_aborted || (_draining && !step.IsOwing && !_channel.HasBytesAtHand))
                            {
                                return ServerEventReason.ServerStopped;
                            }

                            await _signal;
                            isOver = _channel.IsReceiveOver;
                        }

                        if (!isOver)
                        {
                            _conversation.Elapsed();
                            break;
                        }

                        _receiving = false;
                    }

                    var received = _channel.EndReceive(out var buffer, out var receiveError);
                    if (receiveError == SocketError.WouldBlock)
                    {
                        // Woken for nothing: it asks again.
                        break;
                    }

                    if (receiveError != SocketError.Success)
                    {
                        return Broken(receiveError);
                    }

                    Take(buffer, received);
                    break;

                case StepKind.Pause:
                case StepKind.Await:
                    SetTimer(step.Milliseconds);
                    _looksAt = long.MaxValue;
                    if (step.Task is { } task)
                    {
                        SignalWhenOver(task);
                    }

                    while (!(step.Task?.IsCompleted ?? IsTimeUp()))
                    {
                        // The word of an abort may have come as one with a send's.
                        if (_aborted)
                        {
                            return ServerEventReason.ServerStopped;
                        }

                        if (!TryReadAhead(out var aheadError))
                        {
                            if (aheadError != SocketError.Success)
                            {
                                return Broken(aheadError);
                            }

                            if (HasGone())
                            {
                                return Broken(SocketError.ConnectionReset);
                            }

                            await _signal;
                        }
                    }

                    if (step.Kind == StepKind.Pause)
                    {
                        _conversation.Elapsed();
                    }

                    break;

                case StepKind.Reset:
                    _reset = true;
                    _channel.Reset();
                    return _conversation.EndReason;

                default:
                    return _conversation.EndReason;
            }
        }
    }

    private void Take(byte[] buffer, int received)
    {
        if (received == 0)
        {
            _inputEnded = true;
            _conversation.InputEnded();
        }
        else
        {
            _conversation.Received(buffer, 0, received);
        }
    }

    /// <summary>
    /// Receives while something else is waited for, since a receive tells at once that the client has gone. A client that ended
    /// its side in order (FIN) may still wait for its answers, and gets them (RFC 9293, section 3.6).
    /// </summary>
    /// <returns>Whether bytes, or their end, have come; false where it has to wait, or with an error.</returns>
    private bool TryReadAhead(out SocketError error)
    {
        error = SocketError.Success;
        if (_inputEnded || !_conversation.TakesMore())
        {
            return false;
        }

        if (_receiving ? !_channel.IsReceiveOver : !_channel.BeginReceive())
        {
            _receiving = true;
            return false;
        }

        _receiving = false;
        var received = _channel.EndReceive(out var buffer, out error);
        if (error == SocketError.WouldBlock)
        {
            error = SocketError.Success;
        }
        else if (error == SocketError.Success)
        {
            Take(buffer, received);
        }

        return error == SocketError.Success;
    }

    /// <summary>Whether the client was reset, asked now and then where no receive is under way to tell: as much as may be was read ahead.</summary>
    private bool HasGone()
    {
        if (_receiving && !_channel.IsReceiveOver)
        {
            return false;
        }

        var now = _record.Clock.Timestamp;
        var isDue = now >= _looksAt;
        if (isDue || _looksAt == long.MaxValue)
        {
            _looksAt = now + (LookMilliseconds * Stopwatch.Frequency / 1000);
        }

        SetAlarm(_looksAt, (int)((_looksAt - now) * 1000 / Stopwatch.Frequency) + 1);
        return isDue && _channel.HasPeerReset;
    }

    private void AwaitRoom(int milliseconds)
    {
        if (milliseconds != Step.Forever)
        {
            _queued = _channel.QueuedBytes;
        }

        SetTimer(milliseconds);
    }

    /// <summary>Whether nothing of a send that waits has moved for as long as its step allows.</summary>
    private bool HasStalled(int milliseconds)
    {
        if (!IsTimeUp())
        {
            return false;
        }

        // No more than a part of what the kernel holds may have gone, and all the same the client reads.
        var before = _queued;
        AwaitRoom(milliseconds);
        return _queued == before;
    }

    /// <summary>Whether a client that sends nothing may still be reading what the kernel holds for it: then it has as long once more.</summary>
    private bool TakesIn(Step step)
    {
        var before = _queued;
        if (step.IsOwing || (_queued = _channel.QueuedBytes) <= 0 || _queued == before)
        {
            return false;
        }

        SetTimer(step.Milliseconds);
        return true;
    }

    private ServerEventReason Broken(SocketError error)
    {
        if (_aborted)
        {
            return ServerEventReason.ServerStopped;
        }

        if (SocketErrors.IsReset(error))
        {
            return ServerEventReason.Reset;
        }

        _record.Failed(_client, ServerEventReason.Fault, new SocketException((int)error).Message);
        return ServerEventReason.Fault;
    }

    /// <summary>
    /// Ends the connection so that what was sent arrives: closing a socket with bytes unread would reset it, and a reset
    /// can overtake the last answer (RFC 1122, section 4.2.2.13), so what still comes is read and dropped for a while.
    /// </summary>
    private async Task CloseAsync(ServerEventReason reason)
    {
        await Attempt.ToAsync(() => EndInOrderAsync(reason), Report).ConfigureAwait(false);
        _timer?.Dispose();

        // Where this fails, the kernel may still write into what was lent to it: then no buffer is given back.
        _channel.Close();
        while ((_receiving && !_channel.IsReceiveOver) || (_sending && !_channel.IsSendOver))
        {
            await _signal;
        }

        Attempt.To(_channel.Dispose, Report);
        _conversation?.Dispose();
    }

    private async Task EndInOrderAsync(ServerEventReason reason)
    {
        try
        {
            if (!_aborted && !_reset && reason is not (ServerEventReason.Reset or ServerEventReason.Fault))
            {
                SetTimer(ServerTransport.LingerMilliseconds);
                await EndOutputAsync().ConfigureAwait(false);
                if (!_inputEnded && !_draining)
                {
                    await DiscardInputAsync().ConfigureAwait(false);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or IOException)
        {
            // The peer was faster: there is nobody left to end in order for.
        }
    }

    /// <summary>Says that no more comes, which takes a word of its own through TLS, and room for it.</summary>
    private async Task EndOutputAsync()
    {
        var ending = _channel.EndOutputAsync();
        if (!ending.IsCompleted)
        {
            SignalWhenOver(ending);
            while (!ending.IsCompleted)
            {
                await _signal;
                if (IsTimeUp())
                {
                    _channel.Close();
                }
            }
        }

        await ending.ConfigureAwait(false);
    }

    private async Task DiscardInputAsync()
    {
        while (!_aborted && !_draining)
        {
            if (!_receiving)
            {
                _receiving = !_channel.BeginReceive();
            }

            while (_receiving && !_channel.IsReceiveOver)
            {
                await _signal;
                if (IsTimeUp() || _aborted || _draining)
                {
                    return;
                }
            }

            _receiving = false;
            if ((_channel.EndReceive(out _, out var error) == 0 && error != SocketError.WouldBlock) || IsTimeUp())
            {
                return;
            }
        }
    }

    private void SignalWhenOver(Task task) => task.ContinueWith(
        static (_, signal) => ((AsyncSignal)signal!).Set(), _signal, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private void SetTimer(int milliseconds)
    {
        if (milliseconds == Step.Forever)
        {
            _deadline = long.MaxValue;
            return;
        }

        _deadline = _record.Clock.Timestamp + (milliseconds * Stopwatch.Frequency / 1000);
        SetAlarm(_deadline, milliseconds);
    }

    /// <summary>Whether the deadline has come; a timer that was early is set again.</summary>
    private bool IsTimeUp()
    {
        if (_deadline == long.MaxValue)
        {
            return false;
        }

        var left = _deadline - _record.Clock.Timestamp;
        if (left <= 0)
        {
            return true;
        }

        SetAlarm(_deadline, (int)(left * 1000 / Stopwatch.Frequency) + 1);
        return false;
    }

    /// <summary>
    /// Has the timer ring at a time, or before: a deadline that moves away, as with every message of a connection
    /// with an idle limit, leaves it alone, and is looked at when it rings.
    /// </summary>
    private void SetAlarm(long at, int milliseconds)
    {
        if (_hasRung)
        {
            _hasRung = false;
            _ringsAt = long.MaxValue;
        }

        if (at < _ringsAt)
        {
            _ringsAt = at;
            _timer ??= new Timer(static connection => ((AsyncConnection)connection!).Ring(), this, Timeout.Infinite, Timeout.Infinite);
            _timer.Change(milliseconds, Timeout.Infinite);
        }
    }

    private void Ring()
    {
        _hasRung = true;
        _signal.Set();
    }
}
