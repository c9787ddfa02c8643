using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>A channel straight over a socket that does not block: takes and gives what the kernel has room for before it waits.</summary>
internal sealed class SocketChannel : ByteChannel
{
    private readonly Socket _socket;
    private readonly int _bufferSize;
    private readonly SocketAsyncEventArgs _receive = new();
    private readonly SocketAsyncEventArgs _send = new();
    private byte[]? _buffer;
    private int _sent;
    private SocketError _sendError;
    private volatile bool _receiveOver;
    private volatile bool _sendOver;

    public SocketChannel(Socket socket, int bufferSize, AsyncSignal signal)
        : base(signal)
    {
        _socket = socket;
        _bufferSize = bufferSize;
        _receive.SetBuffer([], 0, 0);
        _receive.Completed += (_, _) =>
        {
            _receiveOver = true;
            Signal.Set();
        };
        _send.Completed += (_, _) =>
        {
            _sendOver = true;
            Signal.Set();
        };
    }

    /// <inheritdoc/>
    public override bool IsReceiveOver => _receiveOver;

    /// <inheritdoc/>
    public override bool IsSendOver => _sendOver;

    /// <inheritdoc/>
    public override int QueuedBytes => SendQueue.Bytes(_socket);

    /// <inheritdoc/>
    public override bool HasBytesAtHand => _socket.Available > 0;

    /// <inheritdoc/>
    public override bool HasPeerReset => IsGone(_socket);

    /// <inheritdoc/>
    public override bool BeginReceive()
    {
        // Waits without a buffer, so that an idle connection holds none.
        ReturnBuffer();
        _receiveOver = false;
        return !_socket.ReceiveAsync(_receive);
    }

    /// <inheritdoc/>
    public override int EndReceive(out byte[] buffer, out SocketError error)
    {
        buffer = _buffer ??= Pool.Rent(_bufferSize);
        error = _receive.SocketError;
        return error == SocketError.Success ? _socket.Receive(buffer, 0, _bufferSize, SocketFlags.None, out error) : 0;
    }

    /// <inheritdoc/>
    public override bool BeginSend(byte[] buffer, int offset, int count)
    {
        _sent = _socket.Send(buffer, offset, count, SocketFlags.None, out _sendError);
        if (_sendError != SocketError.WouldBlock)
        {
            return true;
        }

        _sendOver = false;
        _send.SetBuffer(buffer, offset, Math.Min(count, MostPerWait));
        if (!_socket.SendAsync(_send))
        {
            TakeSend();
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public override int EndSend(out SocketError error)
    {
        if (_sendOver)
        {
            _sendOver = false;
            TakeSend();
        }

        error = _sendError;
        return error == SocketError.Success ? _sent : 0;
    }

    /// <inheritdoc/>
    public override Task EndOutputAsync()
    {
        _socket.Shutdown(SocketShutdown.Send);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    /// <inheritdoc/>
    public override void Close() => _socket.Dispose();

    /// <inheritdoc/>
    public override void Dispose()
    {
        ReturnBuffer();
        _receive.Dispose();
        _send.Dispose();
    }

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            Pool.Return(buffer);
        }
    }

    private void TakeSend()
    {
        _sent = _send.BytesTransferred;
        _sendError = _send.SocketError;
    }
}
