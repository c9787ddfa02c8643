using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Server.Transport.Async;

/// <summary>A channel over a non-blocking socket of .NET: it tries a synchronous operation before an asynchronous one.</summary>
#pragma warning disable CA1001 // It is disposable; the analyzer does not see that of a value type.
internal struct SocketChannel : IChannel
#pragma warning restore CA1001
{
    private readonly Socket _socket;
    private readonly int _bufferSize;
    private readonly AsyncPump _pump;
    private readonly ReceiveWait _receive;
    private byte[]? _buffer;

    // It is made with the first send that has to wait, which most connections never have.
    private SendOperation? _send;

    // Whether bytes may be available without a wait: at the beginning, and after a receive that filled its buffer.
    private bool _hasMore;

    public SocketChannel(Socket socket, int bufferSize, AsyncPump pump)
    {
        _socket = socket;
        _bufferSize = bufferSize;
        _pump = pump;
        _receive = new ReceiveWait(socket, pump);
        _hasMore = true;
        socket.Blocking = false;
    }

    /// <summary>Whether it holds a buffer, which it does not while nothing arrives. For tests.</summary>
    public readonly bool HoldsBuffer => _buffer is not null;

    /// <inheritdoc/>
    public readonly bool ReportsReset => false;

    /// <inheritdoc/>
    public readonly bool HasClientReset => SocketCalls.WasReset(_socket);

    /// <inheritdoc/>
    public bool HasClientEnded => false;

    /// <inheritdoc/>
    public readonly int QueuedBytes => SendQueue.Bytes(_socket);

    /// <inheritdoc/>
    public readonly bool HasBytesAvailable => _socket.Available > 0;

    /// <inheritdoc/>
    public readonly bool IsBusy => _receive.IsPending || _send is { IsPending: true };

    /// <inheritdoc/>
    public readonly string? TlsProtocol => null;

    /// <inheritdoc/>
    public readonly PeerCertificate? ClientCertificate => null;

    /// <inheritdoc/>
    public readonly void Watch(Connection connection)
    {
    }

    /// <inheritdoc/>
    public readonly bool OnReady(int events) => true;

    /// <inheritdoc/>
    public readonly Task OpenAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public readonly void RejectHandshake()
    {
    }

    /// <inheritdoc/>
    public int TryReceive(bool force, out byte[] buffer, out SocketError error)
    {
        while (true)
        {
            if (!_hasMore && !WaitForBytes(out error))
            {
                buffer = [];
                return -1;
            }

            buffer = _buffer ??= Pool.Rent(_bufferSize);
            var count = _socket.Receive(buffer, 0, _bufferSize, SocketFlags.None, out error);
            _hasMore = error == SocketError.Success && count == _bufferSize;
            if (error != SocketError.WouldBlock)
            {
                return error == SocketError.Success ? count : -1;
            }
        }
    }

    /// <inheritdoc/>
    public int TrySend(byte[] buffer, int offset, int count, out SocketError error)
    {
        if (_send is not { IsStarted: true })
        {
            var sent = _socket.Send(buffer, offset, count, SocketFlags.None, out error);
            if (error != SocketError.WouldBlock)
            {
                return error == SocketError.Success ? sent : -1;
            }

            _send ??= new SendOperation(_pump);
            _send.SetBuffer(buffer, offset, Math.Min(count, ServerTransport.MaxPendingSend));
            _send.Send(_socket);
        }

        return _send.TryComplete(out error) ? _send.BytesTransferred : -1;
    }

    /// <inheritdoc/>
    public readonly SocketError TryEndOutput() => SocketCalls.ShutDownOutput(_socket);

    /// <inheritdoc/>
    public readonly string Explain(SocketError error) => new SocketException((int)error).Message;

    /// <inheritdoc/>
    public readonly void SetResetOnClose() => _socket.LingerState = new LingerOption(true, 0);

    /// <inheritdoc/>
    public readonly void Close(Connection connection)
    {
        _pump.Dispose();
        _receive.Close();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReturnBuffer();
        _receive.Dispose();
        _send?.Dispose();
    }

    /// <summary>Whether there is something to receive; while there is not, the connection holds no buffer.</summary>
    private bool WaitForBytes(out SocketError error)
    {
        if (_receive.TryComplete(out error))
        {
            return true;
        }

        ReturnBuffer();
        return false;
    }

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            Pool.Return(buffer);
        }
    }
}
