using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>A channel over a socket of .NET's that does not block: takes and gives what the kernel has room for before it waits.</summary>
#pragma warning disable CA1001 // It is disposable: the analyzer overlooks that of a value type.
internal struct SocketChannel : IChannel
#pragma warning restore CA1001
{
    private readonly Socket _socket;
    private readonly int _bufferSize;
    private readonly AsyncPump _pump;
    private readonly SocketOperation _receive;
    private byte[]? _buffer;

    // Made with the first send that has to wait, which most connections never have.
    private SocketOperation? _send;

    // The last receive filled its buffer, so that another one is worth a try.
    private bool _hasMore;

    public SocketChannel(Socket socket, int bufferSize, AsyncPump pump)
    {
        _socket = socket;
        _bufferSize = bufferSize;
        _pump = pump;
        _receive = new SocketOperation(pump);
        _receive.SetBuffer([], 0, 0);
        socket.Blocking = false;
    }

    /// <inheritdoc/>
    public readonly bool TellsReset => false;

    /// <inheritdoc/>
    public readonly bool HasPeerReset => SocketState.IsReset(_socket);

    /// <inheritdoc/>
    public readonly int QueuedBytes => SendQueue.Bytes(_socket);

    /// <inheritdoc/>
    public readonly bool HasBytesAtHand => _socket.Available > 0;

    /// <inheritdoc/>
    public readonly bool IsBusy => _receive.IsUnderWay || _send is { IsUnderWay: true };

    /// <inheritdoc/>
    public readonly void Watch(Connection connection)
    {
    }

    /// <inheritdoc/>
    public readonly bool OnReady(int events) => true;

    /// <inheritdoc/>
    public readonly Task OpenAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public int TryReceive(bool insist, out byte[] buffer, out SocketError error)
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
        if (_send is not { HasBegun: true })
        {
            var sent = _socket.Send(buffer, offset, count, SocketFlags.None, out error);
            if (error != SocketError.WouldBlock)
            {
                return error == SocketError.Success ? sent : -1;
            }

            _send ??= new SocketOperation(_pump);
            _send.SetBuffer(buffer, offset, Math.Min(count, SocketState.MostPerWait));
            _send.Send(_socket);
        }

        return _send.TryEnd(out error) ? _send.BytesTransferred : -1;
    }

    /// <inheritdoc/>
    public readonly SocketError TryEndOutput() => SocketState.TryEndOutput(_socket);

    /// <inheritdoc/>
    public readonly string Explain(SocketError error) => new SocketException((int)error).Message;

    /// <inheritdoc/>
    public readonly void SetResetOnClose() => _socket.LingerState = new LingerOption(true, 0);

    /// <inheritdoc/>
    public readonly void Close(Connection connection)
    {
        _pump.Dispose();
        _socket.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReturnBuffer();
        _receive.Dispose();
        _send?.Dispose();
    }

    /// <summary>Waits without a buffer, so that an idle connection holds none.</summary>
    private bool WaitForBytes(out SocketError error)
    {
        if (!_receive.HasBegun)
        {
            _receive.Receive(_socket);
            if (_receive.IsUnderWay)
            {
                ReturnBuffer();
            }
        }

        return _receive.TryEnd(out error);
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
