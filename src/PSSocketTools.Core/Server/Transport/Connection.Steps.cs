using System.Diagnostics;
using System.Net.Sockets;
using PSSocketTools.Server.Conversations;

namespace PSSocketTools.Server.Transport;

// The steps of a conversation that may have to wait.
internal sealed partial class Connection<TChannel>
{
    /// <summary>Sends what the system has room for, or learns that time is up; false when there is something left, or the connection broke.</summary>
    private bool TrySend(Conversation conversation)
    {
        for (var sends = 0; _sent < _step.Count; sends++)
        {
            if (sends == ServerTransport.StepsInARow)
            {
                Yield();
                return false;
            }

            var count = _channel.TrySend(_step.Buffer, _step.Offset + _sent, _step.Count - _sent, out var error);
            if (count < 0)
            {
                if (error == SocketError.WouldBlock)
                {
                    return HasStalled(conversation);
                }

                Break(error);
                return false;
            }

            _sent += count;
            _record.BytesLeft(count);
        }

        conversation.Sent();
        return true;
    }

    /// <summary>Waits for the system to have room; true when nothing has moved for as long as the step allows.</summary>
    private bool HasStalled(Conversation conversation)
    {
        if (_step.Milliseconds == Step.Forever)
        {
            return false;
        }

        // No more than a part of what the kernel holds may have gone, and all the same the client reads.
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
        Pump.SetTimer(this, _step.Milliseconds);
        return false;
    }

    /// <summary>Receives what is there, or learns that time is up; false when there is nothing yet, or the connection is over.</summary>
    private bool TryReceive(Conversation conversation)
    {
        var count = _channel.TryReceive(_isTimeUp || _draining, out var buffer, out var error);
        if (count >= 0)
        {
            Take(conversation, buffer, count);
            return true;
        }

        if (error != SocketError.WouldBlock)
        {
            Break(error);
            return false;
        }

        if (_draining && !_step.IsOwing && !_channel.HasBytesAtHand)
        {
            End(ServerEventReason.ServerStopped);
            return false;
        }

        if (!_isTimeUp)
        {
            if (!_isWaiting && _step.Milliseconds != Step.Forever)
            {
                Pump.SetTimer(this, _step.Milliseconds);
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

    private void Take(Conversation conversation, byte[] buffer, int count)
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

    /// <summary>Gives a client that sends nothing as long once more, where the send queue shows that it still reads.</summary>
    private bool TryRestartIdleTimer()
    {
        var before = _queuedBefore;
        if (_step.IsOwing || (_queuedBefore = _channel.QueuedBytes) <= 0 || _queuedBefore == before)
        {
            return false;
        }

        _isTimeUp = false;
        Pump.SetTimer(this, _step.Milliseconds);
        return true;
    }

    /// <summary>Waits for a time or a task; false while it lasts, or when the connection broke.</summary>
    private bool TryPause(Conversation conversation)
    {
        if (!_isWaiting)
        {
            _isWaiting = true;
            _nextLook = Never;
            _pauseEnd = Never;
            if (_step.Task is { } task)
            {
                WakeWhenOver(task);
            }
            else
            {
                _pauseEnd = Stopwatch.GetTimestamp() + (_step.Milliseconds * Stopwatch.Frequency / 1000);
                Pump.SetTimer(this, _step.Milliseconds);
            }
        }

        if (_step.Task?.IsCompleted ?? (_isTimeUp && Stopwatch.GetTimestamp() >= _pauseEnd))
        {
            if (_step.Kind == StepKind.Pause)
            {
                conversation.Elapsed();
            }

            return true;
        }

        WatchClient(conversation);
        return false;
    }

    /// <summary>
    /// Learns whether the client has gone while something else is waited for, and ends the connection then. A receive tells
    /// at once, so that as much as may be is read ahead. A client that ended its side in order (FIN) may still wait for
    /// its answers, and gets them (RFC 9293, section 3.6).
    /// </summary>
    private void WatchClient(Conversation conversation)
    {
        if (_channel.TellsReset)
        {
            if (_channel.HasPeerReset)
            {
                Break(SocketError.ConnectionReset);
            }

            return;
        }

        while (!_inputEnded && conversation.TakesMore())
        {
            var count = _channel.TryReceive(insist: false, out var buffer, out var error);
            if (count < 0)
            {
                if (error != SocketError.WouldBlock)
                {
                    Break(error);
                }

                return;
            }

            Take(conversation, buffer, count);
        }

        var now = Stopwatch.GetTimestamp();
        if (now >= _nextLook && _channel.HasPeerReset)
        {
            Break(SocketError.ConnectionReset);
            return;
        }

        if (now >= _nextLook || _nextLook == Never)
        {
            _nextLook = now + (LookMilliseconds * Stopwatch.Frequency / 1000);
        }

        _isTimeUp = false;
        Pump.SetTimer(this, (int)((Math.Min(_nextLook, _pauseEnd) - now) * 1000 / Stopwatch.Frequency) + 1);
    }
}
