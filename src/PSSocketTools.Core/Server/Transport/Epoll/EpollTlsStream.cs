using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>
/// The stream under a connection's TLS: it moves bytes on the descriptor itself. A read that has to wait continues when the loop has
/// reported bytes, and a write never waits, but keeps what the socket does not take.
/// </summary>
/// <remarks>
/// A handshake runs on the thread pool, since it takes milliseconds of a processor. After it everything runs on the loop's thread, and
/// a message takes no other, and no allocation.
/// </remarks>
internal sealed class EpollTlsStream(UnixDescriptor descriptor) : Stream
{
    // Set by the loop's thread alone.
    private readonly AsyncSignal _ready = new();

    private ConnectionDescriptor _descriptor = new(descriptor);

    // Runs again after the loop's other handlers; set before anything is read.
    private Connection _connection = null!;

    // A read that receives again has mostly received only records without a byte for its reader (TLS 1.3's KeyUpdate). A client may
    // send any number of those, so that the loop's other handlers run in between.
    private bool _hasReceived;
    private bool _isYielding;

    // Whether IsReadable was set without a report of the system, so that a receive may find nothing.
    private bool _isReadableUnreported;

    // What was written and not sent, rented while there is any.
    private byte[]? _unsent;
    private int _unsentFrom;
    private int _unsentTo;
    private volatile bool _isHandshaking = true;
    private volatile bool _isEnded;

    /// <summary>The descriptor. Only for the loop's thread.</summary>
    public ref ConnectionDescriptor Descriptor => ref _descriptor;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc cref="IChannel.Watch"/>
    public void Watch(EpollLoop loop, Connection connection)
    {
        _connection = connection;
        _descriptor.Watch(loop, connection);
    }

    /// <summary>Continues what waits for the socket. On the loop's thread.</summary>
    /// <inheritdoc cref="IChannel.OnReady"/>
    public bool OnReady(int events)
    {
        var mayHaveRoom = _descriptor.OnReady(events);
        _isYielding &= events != PumpHandler.NoEvents;
        if (_isHandshaking || (_descriptor.IsReadable && !_isYielding))
        {
            _hasReceived = false;
            _ready.Set();
        }

        return mayHaveRoom;
    }

    /// <summary>Has a read try to receive even if the system has reported no bytes. On the loop's thread.</summary>
    public void ForceRead()
    {
        AssumeReadable();
        _ready.Set();
    }

    /// <summary>Called before each read over TLS. On the loop's thread.</summary>
    public void BeginRead() => _hasReceived = false;

    /// <summary>Moves to the loop's thread. Called when the handshake has succeeded, and nothing is read or written.</summary>
    public void EndHandshake()
    {
        // What the loop has reported meanwhile may have been taken for what was received then.
        AssumeReadable();
        _isHandshaking = false;
    }

    /// <summary>Ends what waits, and all reads from now on: they return 0. On the loop's thread.</summary>
    public void End()
    {
        _isEnded = true;
        _ready.Set();
    }

    /// <summary>Waits for bytes, and reads them without taking them from the socket. Only for the handshake.</summary>
    public Task<int> PeekAsync(byte[] buffer) => ReceiveAsync(buffer, Libc.MessagePeek).AsTask();

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ReceiveAsync(buffer, flags: 0);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReceiveAsync(buffer.AsMemory(offset, count), flags: 0).AsTask();

    /// <summary>Not supported: a read may have to wait.</summary>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return _isHandshaking && _unsent is not null ? FlushHandshakeAsync() : ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_unsent is null)
        {
            var sent = _descriptor.TrySend(buffer, out var error);
            if (sent == buffer.Length)
            {
                return;
            }

            ThrowUnlessBlocked(error);
            buffer = buffer[Math.Max(sent, 0)..];
        }

        Keep(buffer);
    }

    /// <summary>Does nothing: what is not sent at once waits for the socket, and <see cref="TryFlush"/>.</summary>
    public override void Flush()
    {
    }

    /// <inheritdoc cref="Flush"/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends what is kept, as far as the socket takes it.</summary>
    /// <returns>Success when nothing is left, WouldBlock when something is.</returns>
    public SocketError TryFlush()
    {
        while (_unsent is not null)
        {
            var sent = _descriptor.TrySend(_unsent.AsSpan(_unsentFrom, _unsentTo - _unsentFrom), out var error);
            if (sent < 0)
            {
                return error;
            }

            _unsentFrom += sent;
            if (_unsentFrom == _unsentTo)
            {
                ReturnUnsent();
            }
        }

        return SocketError.Success;
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Releases what was not sent. The descriptor is not closed, which whoever watches it does before.</summary>
    protected override void Dispose(bool disposing)
    {
        ReturnUnsent();
        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, int flags)
    {
        while (!_isEnded)
        {
            // During the handshake the loop may report bytes while another thread receives, which would then forget that report.
            if (_isHandshaking || (_descriptor.IsReadable && !Yields(buffer)))
            {
                var count = TryReceive(buffer.Span, out var error, flags);
                if (count >= 0)
                {
                    return count;
                }

                ThrowUnlessBlocked(error);
            }

            await _ready;
            if (_isHandshaking)
            {
                // It must not go on here, on the loop's thread.
                await Task.Yield();
            }
        }

        return 0;
    }

    /// <summary>Receives; without a buffer, by which TLS waits, it only finds out whether there is something to receive.</summary>
    private int TryReceive(Span<byte> buffer, out SocketError error, int flags)
    {
        if (!buffer.IsEmpty)
        {
            return _descriptor.TryReceive(buffer, out error, flags);
        }

        error = SocketError.Success;
        if (_isHandshaking || !_isReadableUnreported)
        {
            return 0;
        }

        // TLS would hold a buffer of its own for as long as the next receive waits.
        _isReadableUnreported = false;
        Span<byte> first = stackalloc byte[1];
        return Math.Min(_descriptor.TryReceive(first, out error, Libc.MessagePeek), 0);
    }

    /// <summary>Whether the loop runs its other handlers first.</summary>
    private bool Yields(Memory<byte> buffer)
    {
        if (_hasReceived && !_isYielding)
        {
            _isYielding = true;
            _connection.Wake();
        }

        _hasReceived |= !buffer.IsEmpty;
        return _isYielding;
    }

    private void AssumeReadable()
    {
        _descriptor.IsReadable = true;
        _isReadableUnreported = true;
    }

    /// <summary>Sends what is kept, for which the client waits before it goes on with the handshake.</summary>
    private async ValueTask FlushHandshakeAsync()
    {
        while (TryFlush() is var error && error != SocketError.Success)
        {
            ThrowUnlessBlocked(_isEnded ? SocketError.OperationAborted : error);
            await _ready;
            await Task.Yield();
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var count = _unsentTo - _unsentFrom;
        if (_unsent is null || _unsent.Length - _unsentTo < bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(count + bytes.Length);
            _unsent.AsSpan(_unsentFrom, count).CopyTo(larger);
            ReturnUnsent();
            (_unsent, _unsentTo) = (larger, count);
        }

        bytes.CopyTo(_unsent.AsSpan(_unsentTo));
        _unsentTo += bytes.Length;
    }

    private void ReturnUnsent()
    {
        if (_unsent is { } unsent)
        {
            (_unsent, _unsentFrom, _unsentTo) = (null, 0, 0);
            ArrayPool<byte>.Shared.Return(unsent);
        }
    }

    private static void ThrowUnlessBlocked(SocketError error)
    {
        if (error is not (SocketError.WouldBlock or SocketError.Success))
        {
            throw new SocketException((int)error);
        }
    }
}
