using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>A connection's descriptor, and what the kernel has reported of it.</summary>
/// <remarks>
/// The descriptor is registered once for both directions, edge-triggered: the kernel reports a change once, which is remembered
/// here, so that neither a blocked send nor a paused receive costs a system call.
/// </remarks>
internal unsafe struct ConnectionDescriptor(UnixDescriptor descriptor) : IDisposable
{
    private const int Watched = Libc.EpollIn | Libc.EpollOut | Libc.EpollUrgent | Libc.EpollReadHangUp | Libc.EpollEdge;
    private const int BytesOrRoom = Libc.EpollIn | Libc.EpollOut;

    // The system's number of the last error.
    private int _error;

    // Whether the kernel has reported more than bytes (end of input, an error, urgent data): then a short receive does not show that
    // the socket is drained.
    private bool _isShortReceiveInconclusive;

    /// <summary>Whether the kernel has reported bytes, and no receive has drained them since.</summary>
    public bool IsReadable { get; set; }

    /// <summary>Whether the kernel has reported EPOLLERR or EPOLLHUP.</summary>
    public bool HasClientReset { get; private set; }

    /// <summary>Whether the kernel has reported EPOLLRDHUP.</summary>
    public bool HasClientEnded { get; private set; }

    /// <inheritdoc cref="IChannel.QueuedBytes"/>
    public readonly int QueuedBytes => SendQueue.Bytes(descriptor.Number);

    /// <inheritdoc cref="IChannel.Watch"/>
    public readonly void Watch(EpollLoop loop, Connection connection) => loop.Watch(descriptor.Number, Watched, connection);

    /// <inheritdoc cref="IChannel.OnReady"/>
    public bool OnReady(int events)
    {
        if ((events & ~Libc.EpollOut) != 0)
        {
            IsReadable = true;
            _isShortReceiveInconclusive = (events & ~BytesOrRoom) != 0;
            HasClientEnded |= (events & Libc.EpollReadHangUp) != 0;
            HasClientReset |= (events & (Libc.EpollError | Libc.EpollHangUp)) != 0;
        }

        return (events & ~Libc.EpollIn) != 0;
    }

    /// <summary>Receives what is available.</summary>
    /// <param name="buffer">Gets the bytes; not empty.</param>
    /// <param name="error">Why nothing was received.</param>
    /// <param name="flags">Those of recv(2).</param>
    /// <returns>How many bytes; 0 at the end of input, -1 with an error.</returns>
    public int TryReceive(Span<byte> buffer, out SocketError error, int flags = 0)
    {
        fixed (byte* bytes = buffer)
        {
            int count;
            do
            {
                count = (int)Libc.Receive(descriptor.Number, bytes, buffer.Length, flags);
                _error = count < 0 ? Marshal.GetLastWin32Error() : 0;
            }
            while (_error == Libc.EIntr);

            // The kernel reports again only what arrives after the socket was drained.
            IsReadable = count >= 0 && (count == buffer.Length || _isShortReceiveInconclusive);
            error = count >= 0 ? SocketError.Success : ToSocketError(_error);
            return count;
        }
    }

    /// <inheritdoc cref="IChannel.TrySend"/>
    public int TrySend(ReadOnlySpan<byte> buffer, out SocketError error)
    {
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                var sent = (int)Libc.Send(descriptor.Number, bytes, buffer.Length, Libc.MessageNoSignal);
                if (sent >= 0)
                {
                    error = SocketError.Success;
                    return sent;
                }

                _error = Marshal.GetLastWin32Error();
                if (_error != Libc.EIntr)
                {
                    error = ToSocketError(_error);
                    return -1;
                }
            }
        }
    }

    /// <inheritdoc cref="IChannel.TryEndOutput"/>
    public SocketError TryEndOutput()
    {
        if (Libc.Shutdown(descriptor.Number, Libc.ShutWrite) != 0)
        {
            return LinuxErrors.ToSocketError(_error = Marshal.GetLastWin32Error());
        }

        // Bytes may have arrived while nothing was being received.
        IsReadable = true;
        return SocketError.Success;
    }

    /// <inheritdoc cref="IChannel.Explain"/>
    public readonly string Explain(SocketError error) =>
        error == SocketError.SocketError ? Marshal.GetPInvokeErrorMessage(_error) : new SocketException((int)error).Message;

    /// <inheritdoc cref="IChannel.SetResetOnClose"/>
    public readonly void SetResetOnClose() => UnixDescriptor.SetResetOnClose(descriptor.Number);

    /// <summary>Reports no more events, and closes the descriptor.</summary>
    public readonly void Close(EpollLoop loop, Connection connection)
    {
        try
        {
            loop.Forget(descriptor.Number, connection);
        }
        finally
        {
            Dispose();
        }
    }

    /// <inheritdoc/>
    public readonly void Dispose() => descriptor.Dispose();

    private static SocketError ToSocketError(int error) => error == Libc.EAgain ? SocketError.WouldBlock : LinuxErrors.ToSocketError(error);
}
