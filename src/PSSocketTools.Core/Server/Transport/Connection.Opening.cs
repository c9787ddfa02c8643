using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using PSSocketTools.Net;
using PSSocketTools.Tls;

namespace PSSocketTools.Server.Transport;

// This part comes before the conversation: the handshake, and the wait for the slot of a sequential server.
internal sealed partial class Connection<TChannel>
{
    /// <summary>Waits for the handshake and, on a sequential server, for the slot; then begins the conversation.</summary>
    private void Open()
    {
        if (_slotWait is null && _handshake!.IsCompleted)
        {
            StopTimer();
            if (!TryCompleteHandshake(_handshake))
            {
                return;
            }

            _slotWait = _transport.WaitForSlotAsync();
            WakeOnCompletion(_slotWait);
        }

        if (_slotWait is { IsCompleted: true })
        {
            TakeSlot(_slotWait);
            _client.TlsProtocol = _channel.TlsProtocol;
            _client.CertificateSubject = _channel.ClientCertificate?.Subject;
            _client.CertificateThumbprint = _channel.ClientCertificate?.Thumbprint;
            _conversation = _holdsSlot ? _transport.Admission.TryAdmit(_client) : null;
            if (_conversation is null)
            {
                // The server stops, or has as many connections as it may.
                End(ServerEventReason.None);
                return;
            }

            _transport.HandshakeEnded();
            _phase = Phase.Conversing;
            Converse(_conversation);
        }
        else if (_slotWait is null && (_draining || _isTimeUp))
        {
            if (_draining)
            {
                // A stop does not wait for handshakes.
                Abort();
                return;
            }

            HandshakeFailed(Messages.Get("HandshakeTimeout", _transport.HandshakeTimeout.TotalSeconds));
            _channel.RejectHandshake();
            End(ServerEventReason.None);
        }
    }

    /// <summary>Ends the wait for the slot, which is in vain when the server stops.</summary>
    private void TakeSlot(Task<bool> wait)
    {
        _slotWait = null;
        _holdsSlot = wait.GetAwaiter().GetResult();
    }

    private bool TryCompleteHandshake(Task handshake)
    {
        try
        {
            handshake.GetAwaiter().GetResult();
            return true;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or AuthenticationException or CryptographicException or InvalidOperationException or NotSupportedException)
        {
            if (exception is ClientCertificateException)
            {
                HandshakeFailed(exception.Message, ServerEventReason.ClientCertificateRefused);
            }
            else
            {
                HandshakeFailed(exception.GetBaseException().Message);
            }

            End(ServerEventReason.None);
            return false;
        }
    }

    /// <summary>Reports a failed handshake after it has left the count of pending ones, since a reader of the event may connect again at once.</summary>
    private void HandshakeFailed(string why, ServerEventReason reason = ServerEventReason.HandshakeFailed)
    {
        BeginEnding();
        _record.Failed(_client, reason, why);
    }
}
