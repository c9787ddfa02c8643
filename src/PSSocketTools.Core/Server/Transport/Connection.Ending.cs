using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

// This part ends the conversation, and the connection after it.
internal sealed partial class Connection<TChannel>
{
    private void EndByError(SocketError error)
    {
        if (SocketErrors.IsReset(error))
        {
            End(ServerEventReason.Reset);
            return;
        }

        _record.Failed(_client, ServerEventReason.Failure, _channel.Explain(error));
        End(ServerEventReason.Failure);
    }

    /// <summary>
    /// Ends the connection so that all sent bytes arrive: closing a socket with unread bytes would reset it, and a reset can overtake
    /// the last response (RFC 1122, section 4.2.2.13), so that what is still received is discarded for a while.
    /// </summary>
    /// <param name="reason">Why; none before there is a conversation.</param>
    private void End(ServerEventReason reason)
    {
        EndConversation(reason);
        if (reason is ServerEventReason.Reset or ServerEventReason.Failure)
        {
            Close();
            return;
        }

        Pump.SetTimer(this, Deadline.AfterMilliseconds(ServerTransport.LingerMilliseconds));
        EndOutput();
    }

    private void BeginEnding()
    {
        if (_conversation is null && _phase <= Phase.Opening)
        {
            _transport.HandshakeEnded();
        }

        _phase = Phase.EndingOutput;
        _isTimeUp = false;
        StopTimer();
    }

    /// <summary>Ends the conversation, if there is one yet.</summary>
    private void EndConversation(ServerEventReason reason)
    {
        BeginEnding();
        try
        {
            if (_conversation is not null)
            {
                _conversation.End(isAnnounced: reason != ServerEventReason.ServerStopped);
                _record.Disconnected(_client, reason, reason == _conversation.EndReason ? _conversation.EndFault : null);
            }
        }
        finally
        {
            ReleaseSlot();
        }
    }

    private void ReleaseSlot()
    {
        if (_holdsSlot)
        {
            _holdsSlot = false;
            _transport.ReleaseSlot();
        }
    }

    private void EndOutput()
    {
        var error = _channel.TryEndOutput();
        if (error == SocketError.WouldBlock && !_isTimeUp)
        {
            return;
        }

        // An error means that the connection is lost already, so that there is nothing to close in order.
        if (error != SocketError.Success || _inputEnded || _draining)
        {
            Close();
            return;
        }

        _phase = Phase.DiscardingInput;
        DiscardInput();
    }

    private void DiscardInput()
    {
        if (_isTimeUp || _draining)
        {
            Close();
            return;
        }

        for (var receives = 0; receives < ServerTransport.MaxStepsPerTurn; receives++)
        {
            var count = _channel.TryReceive(force: false, out _, out var error);
            if (count <= 0)
            {
                if (error != SocketError.WouldBlock)
                {
                    Close();
                }

                return;
            }
        }

        Yield();
    }

    private void Close()
    {
        if (_phase >= Phase.Closing)
        {
            return;
        }

        // Each of these must run even if another throws, and the transport must forget the connection.
        _phase = Phase.Closing;
        StopTimer();
        BestEffort.Run(() => _channel.Close(this), Report);
        Finish();
    }

    /// <summary>Releases buffers, unless pending operations still hold them.</summary>
    private void Finish()
    {
        // It keeps its place among those that wait for the slot, and passes the slot on.
        if (_channel.IsBusy || _slotWait is { IsCompleted: false })
        {
            return;
        }

        if (_slotWait is not null)
        {
            TakeSlot(_slotWait);
            ReleaseSlot();
        }

        _phase = Phase.Closed;
        BestEffort.Run(() => _channel.Dispose(), Report);
        BestEffort.Run(() => _conversation?.Dispose(), Report);
        _transport.Closed(this);
    }
}
