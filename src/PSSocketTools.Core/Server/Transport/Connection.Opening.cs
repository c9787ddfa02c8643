using System.Net.Sockets;
using System.Security.Authentication;
using PSSocketTools.Net;

namespace PSSocketTools.Server.Transport;

// Before the conversation: the handshake, and the turn where clients are served one at a time.
internal sealed partial class Connection<TChannel>
{
    /// <summary>Waits for the handshake and, where clients are served one at a time, for the turn; then admits the client.</summary>
    private void Open()
    {
        if (_turn is null && _handshake!.IsCompleted)
        {
            Deadline = Never;
            if (!TryTakeHandshake(_handshake))
            {
                return;
            }

            _turn = _transport.TakeTurnAsync();
            WakeWhenOver(_turn);
        }

        if (_turn is { IsCompleted: true })
        {
            _isServed = _turn.GetAwaiter().GetResult();
            _conversation = _isServed ? _transport.Admit(_client) : null;
            if (_conversation is null)
            {
                End(ServerEventReason.HandshakeFailed);
                return;
            }

            EndHandshake();
            _phase = Phase.Conversing;
            TakeStep(_conversation);
            Go(_conversation);
        }
        else if (_turn is null && (_draining || _isTimeUp))
        {
            // A stop does not wait for handshakes.
            if (!_draining)
            {
                HandshakeFailed(Messages.Get("HandshakeTimeout", _transport.HandshakeTimeout.TotalSeconds));
            }

            EndConversation(ServerEventReason.HandshakeFailed);
            Close();
        }
    }

    private bool TryTakeHandshake(Task handshake)
    {
        try
        {
            handshake.GetAwaiter().GetResult();
            return true;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or AuthenticationException or InvalidOperationException or NotSupportedException)
        {
            HandshakeFailed(exception.GetBaseException().Message);
            End(ServerEventReason.HandshakeFailed);
            return false;
        }
    }

    /// <summary>Tells of the failure when the place among those that shake hands is free: whoever reads of it may send the next client.</summary>
    private void HandshakeFailed(string why)
    {
        EndHandshake();
        _record.Failed(_client, ServerEventReason.HandshakeFailed, why);
    }

    private void EndHandshake()
    {
        if (_isHandshaking)
        {
            _isHandshaking = false;
            _transport.HandshakeEnded();
        }
    }
}
