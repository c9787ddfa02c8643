using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Authentication;
using PSSocketTools.Echo;
using PSSocketTools.Net;
using PSSocketTools.Resources;

namespace PSSocketTools.Transport;

/// <summary>Drives one conversation over a channel: one loop, one signal, no thread while it waits and no allocation a message.</summary>
internal sealed class AsyncConnection
{
    // A busy connection lets others have its thread after so many receives that did not have to wait.
    private const int ReceivesInARow = 64;

    // How long a client may take to read the end of the conversation before the socket is closed under it.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly AsyncTransport _transport;
    private readonly Conversation _conversation;
    private readonly ServerRecord _record;
    private readonly ByteChannel _channel;
    private readonly AsyncSignal _signal;
    private Timer? _timer;
    private long _deadline;
    private bool _receiving;
    private bool _inputEnded;
    private bool _reset;
    private volatile bool _draining;
    private volatile bool _aborted;

    public AsyncConnection(AsyncTransport transport, Conversation conversation, ServerRecord record, ByteChannel channel, AsyncSignal signal)
    {
        _transport = transport;
        _conversation = conversation;
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
        _channel.Close();
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
                : _aborted ? ServerEventReason.ServerStopped : ServerEventReason.HandshakeFailed;
        }
#pragma warning disable CA1031 // A fault in one connection is told in the journal and ends that connection alone.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (_aborted)
            {
                reason = ServerEventReason.ServerStopped;
            }
            else
            {
                _record.Failed(_conversation.Connection, ServerEventReason.Fault, exception.Message);
            }
        }

        _record.Disconnected(_conversation.Connection, reason);
        _transport.ConversationEnded();
        await CloseAsync(reason).ConfigureAwait(false);
        _transport.Closed(this);
    }

    /// <summary>Readies the channel; a client that takes too long over its handshake is dropped.</summary>
    private async Task<bool> OpenAsync()
    {
        var isLate = false;
        try
        {
            // What fails at once, on bytes that are there already, fails as what takes its time.
            var opening = _channel.OpenAsync();
            if (!opening.IsCompleted)
            {
                using var giveUp = new CancellationTokenSource();
                if (await Task.WhenAny(opening, Task.Delay(HandshakeTimeout, giveUp.Token)).ConfigureAwait(false) != opening)
                {
                    isLate = true;
                    _channel.Close();
                    _record.Failed(
                        _conversation.Connection, ServerEventReason.HandshakeFailed, Messages.Get("HandshakeTimeout", HandshakeTimeout.TotalSeconds));
                }

                giveUp.Cancel();
            }

            await opening.ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or AuthenticationException or InvalidOperationException or NotSupportedException)
        {
            if (!_aborted && !isLate)
            {
                _record.Failed(_conversation.Connection, ServerEventReason.HandshakeFailed, exception.GetBaseException().Message);
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
                    for (var sent = 0; sent < step.Count;)
                    {
                        if (!_channel.BeginSend(step.Buffer, step.Offset + sent, step.Count - sent))
                        {
                            while (!_channel.IsSendOver)
                            {
                                await _signal;
                            }
                        }

                        var count = _channel.EndSend(out var sendError);
                        if (sendError != SocketError.Success)
                        {
                            return Broken(sendError);
                        }

                        sent += count;
                        _record.BytesLeft(count);
                    }

                    _conversation.Sent();
                    break;

                case StepKind.Receive:
                    if (!_receiving && _channel.BeginReceive())
                    {
                        if (++receivesInARow == ReceivesInARow)
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
                        if (!_channel.IsReceiveOver)
                        {
                            if (_draining && !step.IsOwing && !_channel.HasBytesAtHand)
                            {
                                return ServerEventReason.ServerStopped;
                            }

                            SetTimer(step.Milliseconds);
                            await _signal;
                        }

                        if (!_channel.IsReceiveOver)
                        {
                            if (_aborted)
                            {
                                return ServerEventReason.ServerStopped;
                            }

                            if (IsTimeUp())
                            {
                                _conversation.Elapsed();
                            }

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

                    if (received == 0)
                    {
                        _inputEnded = true;
                        _conversation.InputEnded();
                    }
                    else
                    {
                        _conversation.Received(buffer, 0, received);
                    }

                    break;

                case StepKind.Pause:
                    SetTimer(step.Milliseconds);
                    while (!IsTimeUp())
                    {
                        await _signal;
                        if (_aborted)
                        {
                            return ServerEventReason.ServerStopped;
                        }
                    }

                    _conversation.Elapsed();
                    break;

                case StepKind.Await:
                    _ = step.Task!.ContinueWith(
                        static (_, signal) => ((AsyncSignal)signal!).Set(), _signal, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                    while (!step.Task.IsCompleted)
                    {
                        await _signal;
                        if (_aborted)
                        {
                            return ServerEventReason.ServerStopped;
                        }
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

        _record.Failed(_conversation.Connection, ServerEventReason.Fault, new SocketException((int)error).Message);
        return ServerEventReason.Fault;
    }

    /// <summary>
    /// Ends the connection so that what was sent arrives: closing a socket with bytes unread would reset it, and a reset
    /// can overtake the last answer (RFC 1122, section 4.2.2.13), so what still comes is read and dropped for a while.
    /// </summary>
    private async Task CloseAsync(ServerEventReason reason)
    {
        try
        {
            if (!_aborted && !_reset && reason is not (ServerEventReason.Reset or ServerEventReason.Fault or ServerEventReason.HandshakeFailed))
            {
                await _channel.EndOutputAsync().ConfigureAwait(false);
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

        _channel.Close();
        while (_receiving && !_channel.IsReceiveOver)
        {
            await _signal;
        }

        _timer?.Dispose();
        _channel.Dispose();
        _conversation.Dispose();
    }

    private async Task DiscardInputAsync()
    {
        SetTimer((int)Linger.TotalMilliseconds);
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

    private void SetTimer(int milliseconds)
    {
        if (milliseconds == Step.Forever)
        {
            _deadline = long.MaxValue;
            return;
        }

        _deadline = _record.Clock.Timestamp + (milliseconds * Stopwatch.Frequency / 1000);
        _timer ??= new Timer(static signal => ((AsyncSignal)signal!).Set(), _signal, Timeout.Infinite, Timeout.Infinite);
        _timer.Change(milliseconds, Timeout.Infinite);
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

        _timer?.Change((int)(left * 1000 / Stopwatch.Frequency) + 1, Timeout.Infinite);
        return false;
    }
}
