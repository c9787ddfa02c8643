#if NET
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>A channel straight over a descriptor, on the thread of a loop.</summary>
/// <remarks>
/// The descriptor is watched once and for all for both directions, edge-triggered: the kernel tells of a change once,
/// so what it told is remembered here, and neither waiting for room nor not reading costs a system call.
/// </remarks>
internal unsafe struct EpollChannel(EpollLoop loop, LinuxDescriptor socket, EpollBuffers buffers) : IChannel
{
    private const int Watched = Libc.EpollIn | Libc.EpollOut | Libc.EpollUrgent | Libc.EpollReadHangUp | Libc.EpollEdge;
    private const int BytesOrRoom = Libc.EpollIn | Libc.EpollOut;

    private readonly EpollLoop _loop = loop;
    private readonly LinuxDescriptor _socket = socket;
    private readonly EpollBuffers _buffers = buffers;

    // Lent from a receive until the next.
    private byte[]? _buffer;
    private int _error;

    // Whether a receive is worth a try: the kernel told of bytes, and no receive has run out of them since.
    private bool _isReadable;

    // There is more than bytes to come (the end, an error, urgent data), after which a short receive proves nothing.
    private bool _isSpecial;

    /// <inheritdoc/>
    public readonly bool TellsReset => true;

    /// <summary>Nothing can be sent to the client any more.</summary>
    public bool HasPeerReset { get; private set; }

    /// <inheritdoc/>
    public readonly int QueuedBytes => SendQueue.Bytes(_socket.Number);

    /// <summary>None: whoever insists is told of them at once.</summary>
    public readonly bool HasBytesAtHand => false;

    /// <inheritdoc/>
    public readonly bool IsBusy => false;

    /// <inheritdoc/>
    public readonly void Watch(Connection connection) => _loop.Watch(_socket.Number, Watched, connection);

    /// <inheritdoc/>
    public bool OnReady(int events)
    {
        if ((events & ~Libc.EpollOut) != 0)
        {
            _isReadable = true;
            _isSpecial = (events & ~BytesOrRoom) != 0;
            HasPeerReset |= (events & (Libc.EpollError | Libc.EpollHangUp)) != 0;
        }

        return (events & ~Libc.EpollIn) != 0;
    }

    /// <inheritdoc/>
    public readonly Task OpenAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public int TryReceive(bool insist, out byte[] buffer, out SocketError error)
    {
        if (_isReadable || insist)
        {
            buffer = _buffer ??= _buffers.Take();
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

        GiveBackBuffer();
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

        // Whatever came while nobody received is still there.
        _isReadable = true;
        return SocketError.Success;
    }

    /// <inheritdoc/>
    public readonly string Explain(SocketError error) =>
        error == SocketError.SocketError ? Marshal.GetPInvokeErrorMessage(_error) : new SocketException((int)error).Message;

    /// <inheritdoc/>
    public readonly void SetResetOnClose()
    {
        // struct linger: on, and no time at all.
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
    public void Dispose() => GiveBackBuffer();

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

            // The kernel tells again only of what comes after it had no more.
            _isReadable = count >= 0 && (count == _buffers.Size || _isSpecial);
            return count;
        }
    }

    private void GiveBackBuffer()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _buffers.GiveBack(buffer);
        }
    }
}
#endif
