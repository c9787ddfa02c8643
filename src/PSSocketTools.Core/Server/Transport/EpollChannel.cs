#if NET
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>A channel over a descriptor, on the thread of a loop.</summary>
/// <remarks>
/// The descriptor is registered once for both directions, edge-triggered: the kernel reports a change once, which is remembered
/// here, so that neither a blocked send nor a paused receive costs a system call.
/// </remarks>
internal unsafe struct EpollChannel(EpollLoop loop, LinuxDescriptor socket, EpollBuffers buffers) : IChannel
{
    private const int Watched = Libc.EpollIn | Libc.EpollOut | Libc.EpollUrgent | Libc.EpollReadHangUp | Libc.EpollEdge;
    private const int BytesOrRoom = Libc.EpollIn | Libc.EpollOut;

    private readonly EpollLoop _loop = loop;
    private readonly LinuxDescriptor _socket = socket;
    private readonly EpollBuffers _buffers = buffers;

    // The buffer is held from a receive until the next one, since the conversation refers to its bytes.
    private byte[]? _buffer;
    private int _error;

    // Whether the kernel has reported bytes, and no receive has drained them since.
    private bool _isReadable;

    // Whether the kernel has reported more than bytes (end of input, an error, urgent data): then a short receive does not show that
    // the socket is drained.
    private bool _isShortReceiveInconclusive;

    /// <inheritdoc/>
    public readonly bool ReportsReset => true;

    /// <summary>Whether the kernel has reported EPOLLERR or EPOLLHUP.</summary>
    public bool HasPeerReset { get; private set; }

    /// <summary>Whether the kernel has reported EPOLLRDHUP.</summary>
    public bool HasPeerEnded { get; private set; }

    /// <inheritdoc/>
    public readonly int QueuedBytes => SendQueue.Bytes(_socket.Number);

    /// <summary>Always false: a forced receive returns them at once.</summary>
    public readonly bool HasBytesAvailable => false;

    /// <inheritdoc/>
    public readonly bool IsBusy => false;

    /// <inheritdoc/>
    public readonly string? TlsProtocol => null;

    /// <inheritdoc/>
    public readonly void Watch(Connection connection) => _loop.Watch(_socket.Number, Watched, connection);

    /// <inheritdoc/>
    public bool OnReady(int events)
    {
        if ((events & ~Libc.EpollOut) != 0)
        {
            _isReadable = true;
            _isShortReceiveInconclusive = (events & ~BytesOrRoom) != 0;
            HasPeerEnded |= (events & Libc.EpollReadHangUp) != 0;
            HasPeerReset |= (events & (Libc.EpollError | Libc.EpollHangUp)) != 0;
        }

        return (events & ~Libc.EpollIn) != 0;
    }

    /// <inheritdoc/>
    public readonly Task OpenAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public readonly void RejectHandshake()
    {
    }

    /// <inheritdoc/>
    public int TryReceive(bool force, out byte[] buffer, out SocketError error)
    {
        if (_isReadable || force)
        {
            buffer = _buffer ??= _buffers.Rent();
            var count = Receive(buffer);
            if (count >= 0)
            {
                error = SocketError.Success;
                return count;
            }

            error = _error == Libc.EAgain ? SocketError.WouldBlock : LinuxErrors.ToSocketError(_error);
        }
        else
        {
            error = SocketError.WouldBlock;
        }

        ReturnBuffer();
        buffer = [];
        return -1;
    }

    /// <inheritdoc/>
    public int TrySend(byte[] buffer, int offset, int count, out SocketError error)
    {
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                var sent = (int)Libc.Send(_socket.Number, bytes + offset, count, Libc.MessageNoSignal);
                if (sent >= 0)
                {
                    error = SocketError.Success;
                    return sent;
                }

                _error = Marshal.GetLastWin32Error();
                if (_error != Libc.EIntr)
                {
                    error = _error == Libc.EAgain ? SocketError.WouldBlock : LinuxErrors.ToSocketError(_error);
                    return -1;
                }
            }
        }
    }

    /// <inheritdoc/>
    public SocketError TryEndOutput()
    {
        if (Libc.Shutdown(_socket.Number, Libc.ShutWrite) != 0)
        {
            return LinuxErrors.ToSocketError(_error = Marshal.GetLastWin32Error());
        }

        // Bytes may have arrived while nothing was being received.
        _isReadable = true;
        return SocketError.Success;
    }

    /// <inheritdoc/>
    public readonly string Explain(SocketError error) =>
        error == SocketError.SocketError ? Marshal.GetPInvokeErrorMessage(_error) : new SocketException((int)error).Message;

    /// <inheritdoc/>
    public readonly void SetResetOnClose()
    {
        // struct linger: on, with a timeout of zero.
        var linger = stackalloc int[] { 1, 0 };
        _ = Libc.SetSocketOption(_socket.Number, Libc.SolSocket, Libc.SoLinger, linger, 2 * sizeof(int));
    }

    /// <inheritdoc/>
    public readonly void Close(Connection connection)
    {
        try
        {
            _loop.Forget(_socket.Number, connection);
        }
        finally
        {
            _socket.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ReturnBuffer();

    private int Receive(byte[] buffer)
    {
        fixed (byte* bytes = buffer)
        {
            int count;
            do
            {
                count = (int)Libc.Receive(_socket.Number, bytes, _buffers.Size, 0);
                _error = count < 0 ? Marshal.GetLastWin32Error() : 0;
            }
            while (_error == Libc.EIntr);

            // The kernel reports again only what arrives after the socket was drained.
            _isReadable = count >= 0 && (count == _buffers.Size || _isShortReceiveInconclusive);
            return count;
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _buffers.Return(buffer);
        }
    }
}
#endif
