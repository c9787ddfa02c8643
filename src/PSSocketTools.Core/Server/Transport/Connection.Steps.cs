using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;

namespace PSSocketTools.Server.Transport;

// This part does the steps of a conversation that may have to wait.
internal sealed partial class Connection<TChannel>
{
    /// <summary>Sends as much as possible; false when the send is blocked or the connection was lost, true when all is sent or the send timed out.</summary>
    private bool TrySend(Conversation conversation)
    {
        for (var sends = 0; _sent < _step.Count; sends++)
        {
            if (sends == ServerTransport.MaxStepsPerTurn)
            {
                Yield();
                return false;
            }

            var count = _channel.TrySend(_step.Buffer, _step.Offset + _sent, _step.Count - _sent, out var error);
            if (count < 0)
            {
                if (error == SocketError.WouldBlock)
                {
                    return TimesOutSending(conversation);
                }

                EndByError(error);
                return false;
            }

            _sent += count;
            _record.AddBytesSent(_client, count);
        }

        conversation.Sent();
        return true;
    }

    /// <summary>Waits until the send can continue; true when the client has acknowledged nothing for the idle timeout.</summary>
    private bool TimesOutSending(Conversation conversation)
    {
        if (_step.Milliseconds == Timeout.Infinite)
        {
            return false;
        }

        // A shrinking send queue shows that the client reads, even if the socket is not writable yet.
        var queued = _channel.QueuedBytes;
        if (_isWaiting && _sent == _sentBefore && queued == _queuedBefore)
        {
            if (_isTimeUp)
            {
                conversation.Stalled();
            }

            return _isTimeUp;
        }

        (_sentBefore, _queuedBefore) = (_sent, queued);
        _isTimeUp = false;
        _isWaiting = true;
        Pump.SetTimer(this, Deadline.AfterMilliseconds(_step.Milliseconds));
        return false;
    }

    /// <summary>Receives what is available; false when there is nothing yet or the connection has ended, true after a receive or a timeout.</summary>
    private bool TryReceive(Conversation conversation)
    {
        // No more is received first: a client that keeps sending could delay the end forever.
        if (_isEndRequested && !_step.HasPendingResponse)
        {
            return !TryEndWaiting(conversation, ServerEventReason.ServerClosed);
        }

        var count = _channel.TryReceive(_isTimeUp || _draining, out var buffer, out var error);
        if (count >= 0)
        {
            Deliver(conversation, buffer, count);
            return true;
        }

        if (error != SocketError.WouldBlock)
        {
            EndByError(error);
            return false;
        }

        // Where a pause of the sender ends a message, the wait for it goes on: a restart would delay the end of the message.
        if (!_step.HasPendingResponse && conversation.HasUnsolicited)
        {
            return true;
        }

        if (_draining && !_step.HasPendingResponse && !_channel.HasBytesAvailable)
        {
            return conversation.Member?.AwaitsOthers() != true && !TryEndWaiting(conversation, ServerEventReason.ServerStopped);
        }

        if (!_isTimeUp)
        {
            if (!_isWaiting && _step.Milliseconds != Timeout.Infinite)
            {
                Pump.SetTimer(this, Deadline.AfterMilliseconds(_step.Milliseconds));
            }

            _isWaiting = true;
            return false;
        }

        if (TryRestartIdleTimer())
        {
            return false;
        }

        conversation.Elapsed();
        return true;
    }

    /// <summary>Ends a conversation that waits for the client; false when messages are to be sent unsolicited before.</summary>
    private bool TryEndWaiting(Conversation conversation, ServerEventReason reason)
    {
        if (!conversation.Mailbox.TryClose())
        {
            return false;
        }

        End(reason);
        return true;
    }

    private void Deliver(Conversation conversation, byte[] buffer, int count)
    {
        if (count > 0)
        {
            conversation.Received(buffer, 0, count);
        }
        else
        {
            _inputEnded = true;
            conversation.InputEnded();
        }
    }

    /// <summary>Restarts the idle timer of a client that sends nothing, if the send queue has shrunk, so that it still reads.</summary>
    private bool TryRestartIdleTimer()
    {
        var before = _queuedBefore;
        if (_step.HasPendingResponse || (_queuedBefore = _channel.QueuedBytes) <= 0 || _queuedBefore == before)
        {
            return false;
        }

        _isTimeUp = false;
        Pump.SetTimer(this, Deadline.AfterMilliseconds(_step.Milliseconds));
        return true;
    }

    /// <summary>Waits for a time or a task; false while the wait lasts, or when the connection was lost.</summary>
    private bool TryPause(Conversation conversation)
    {
        if (!_isWaiting)
        {
            _isWaiting = true;
            _nextResetCheck = Deadline.Never;
            _pauseEnd = Deadline.Never;
            if (_step.Task is { } task)
            {
                WakeOnCompletion(task);
            }
            else
            {
                _pauseEnd = Deadline.AfterMilliseconds(_step.Milliseconds);
                Pump.SetTimer(this, _pauseEnd);
            }
        }

        // The end of the server, or of this connection, does not wait where no response is pending.
        if (_step.Kind == StepKind.Delay && !_step.HasPendingResponse && (_draining || _isEndRequested))
        {
            End(_draining ? ServerEventReason.ServerStopped : ServerEventReason.ServerClosed);
            return false;
        }

        if (_step.Task?.IsCompleted ?? (_isTimeUp && _pauseEnd.HasPassed))
        {
            if (_step.Kind == StepKind.Delay)
            {
                conversation.Elapsed();
            }

            return true;
        }

        if (conversation.HasUnsolicited || conversation.IsReleased)
        {
            if (_step.Kind == StepKind.Delay)
            {
                conversation.Interrupted(Math.Max(1, _pauseEnd.Milliseconds));
            }

            return true;
        }

        WatchClient(conversation);
        return false;
    }

    /// <summary>
    /// Detects during another wait that the connection was lost, and ends it. A pending receive detects that at once, so that bytes
    /// are received ahead as far as the limit allows. A client that has shut down its output (FIN) may still wait for responses, and
    /// gets them (RFC 9293, section 3.6).
    /// </summary>
    private void WatchClient(Conversation conversation)
    {
        if (_channel.ReportsReset)
        {
            if (_channel.HasClientReset)
            {
                EndByError(SocketError.ConnectionReset);
            }
            else if (_channel.HasClientEnded)
            {
                ReportHalfClose();
            }

            return;
        }

        while (!_inputEnded && conversation.CanReceiveAhead())
        {
            var count = _channel.TryReceive(force: false, out var buffer, out var error);
            if (count < 0)
            {
                if (error != SocketError.WouldBlock)
                {
                    EndByError(error);
                }

                return;
            }

            Deliver(conversation, buffer, count);
            if (_inputEnded)
            {
                ReportHalfClose();
            }
        }

        var isCheckDue = _nextResetCheck.HasPassed;
        if (isCheckDue && _channel.HasClientReset)
        {
            EndByError(SocketError.ConnectionReset);
            return;
        }

        if (isCheckDue || _nextResetCheck.IsNever)
        {
            _nextResetCheck = Deadline.AfterMilliseconds(ResetCheckMilliseconds);
        }

        _isTimeUp = false;
        Pump.SetTimer(this, Deadline.Earlier(_nextResetCheck, _pauseEnd));
    }
}
