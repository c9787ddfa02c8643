using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>A channel over a descriptor, on the thread of a loop.</summary>
internal struct EpollChannel(EpollLoop loop, UnixDescriptor socket, EpollBuffers buffers) : IChannel
{
    private readonly EpollLoop _loop = loop;
    private readonly EpollBuffers _buffers = buffers;
    private ConnectionDescriptor _descriptor = new(socket);

    // The buffer is held from a receive until the next one, since the conversation refers to its bytes.
    private byte[]? _buffer;

    /// <inheritdoc/>
    public readonly bool ReportsReset => true;

    /// <inheritdoc/>
    public readonly bool HasClientReset => _descriptor.HasClientReset;

    /// <inheritdoc/>
    public readonly bool HasClientEnded => _descriptor.HasClientEnded;

    /// <inheritdoc/>
    public readonly int QueuedBytes => _descriptor.QueuedBytes;

    /// <summary>Always false: a forced receive returns them at once.</summary>
    public readonly bool HasBytesAvailable => false;

    /// <inheritdoc/>
    public readonly bool IsBusy => false;

    /// <inheritdoc/>
    public readonly string? TlsProtocol => null;

    /// <inheritdoc/>
    public readonly PeerCertificate? ClientCertificate => null;

    /// <inheritdoc/>
    public readonly void Watch(Connection connection) => _descriptor.Watch(_loop, connection);

    /// <inheritdoc/>
    public bool OnReady(int events) => _descriptor.OnReady(events);

    /// <inheritdoc/>
    public readonly Task OpenAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public readonly void RejectHandshake()
    {
    }

    /// <inheritdoc/>
    public int TryReceive(bool force, out byte[] buffer, out SocketError error)
    {
        if (_descriptor.IsReadable || force)
        {
            buffer = _buffer ??= _buffers.Rent();
            var count = _descriptor.TryReceive(buffer, out error);
            if (count >= 0)
            {
                return count;
            }
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
    public int TrySend(byte[] buffer, int offset, int count, out SocketError error) => _descriptor.TrySend(buffer.AsSpan(offset, count), out error);

    /// <inheritdoc/>
    public SocketError TryEndOutput() => _descriptor.TryEndOutput();

    /// <inheritdoc/>
    public readonly string Explain(SocketError error) => _descriptor.Explain(error);

    /// <inheritdoc/>
    public readonly void SetResetOnClose() => _descriptor.SetResetOnClose();

    /// <inheritdoc/>
    public readonly void Close(Connection connection) => _descriptor.Close(_loop, connection);

    /// <inheritdoc/>
    public void Dispose() => ReturnBuffer();

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _buffers.Return(buffer);
        }
    }
}
