using System.Net.Security;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Server.Transport;

/// <summary>A channel over TLS, which .NET offers only as a stream: an operation that would block is a pending task.</summary>
internal sealed class TlsChannel : IChannel
{
    private readonly Socket _socket;
    private readonly NetworkStream _connection;
    private readonly int _bufferSize;
    private readonly TlsServer _tls;
    private readonly AsyncPump _pump;

    // The network stream until the handshake has succeeded, so that a failed connection is closed in order too.
    private Stream _stream;

    // Rented by the first receive, so that an unfinished handshake takes no buffer.
    private byte[]? _buffer;
    private Task? _opening;
    private Task<int>? _receive;
    private Task? _send;
    private Task? _ending;
    private int _sending;

    public TlsChannel(Socket socket, int bufferSize, TlsServer tls, AsyncPump pump)
    {
        _socket = socket;
        _bufferSize = bufferSize;
        _tls = tls;
        _pump = pump;

        // NetworkStream requires a blocking socket, even for asynchronous operations.
        socket.Blocking = true;
        _stream = _connection = new NetworkStream(socket, ownsSocket: true);
    }

    /// <inheritdoc/>
    public bool ReportsReset => false;

    /// <inheritdoc/>
    public bool HasPeerReset => SocketState.IsReset(_socket);

    /// <inheritdoc/>
    public bool HasPeerEnded => false;

    /// <inheritdoc/>
    public int QueuedBytes => SendQueue.Bytes(_socket);

    /// <inheritdoc/>
    public bool HasBytesAvailable => _socket.Available > 0;

    /// <inheritdoc/>
    public bool IsBusy => IsPending(_opening) || IsPending(_receive) || IsPending(_send) || IsPending(_ending);

    /// <inheritdoc/>
    public string? TlsProtocol => (_stream as SslStream)?.SslProtocol.ToString();

    /// <inheritdoc/>
    public void Watch(Connection connection)
    {
    }

    /// <inheritdoc/>
    public bool OnReady(int events) => true;

    /// <inheritdoc/>
    public Task OpenAsync()
    {
        _opening = HandshakeAsync();
        return _opening;
    }

    /// <inheritdoc/>
    /// <remarks>It does not block, because little or nothing was sent to the client before.</remarks>
    public void RejectHandshake() => _socket.Send(TlsServer.NoTlsAlert, 0, TlsServer.NoTlsAlert.Length, SocketFlags.None, out _);

    /// <inheritdoc/>
    public int TryReceive(bool force, out byte[] buffer, out SocketError error)
    {
        buffer = _buffer ??= Pool.Rent(_bufferSize);
        var receive = _receive ??= WakeOnCompletion(_stream.ReadAsync(buffer, 0, _bufferSize));
        if (!receive.IsCompleted)
        {
            error = SocketError.WouldBlock;
            return -1;
        }

        _receive = null;
        error = Outcome(receive);
        return error == SocketError.Success ? receive.Result : -1;
    }

    /// <inheritdoc/>
    public int TrySend(byte[] buffer, int offset, int count, out SocketError error)
    {
        if (_send is null)
        {
            _sending = Math.Min(count, SocketState.MaxPendingSend);
            _send = WakeOnCompletion(_stream.WriteAsync(buffer, offset, _sending));
        }

        if (!_send.IsCompleted)
        {
            error = SocketError.WouldBlock;
            return -1;
        }

        error = Outcome(_send);
        _send = null;
        return error == SocketError.Success ? _sending : -1;
    }

    /// <summary>Sends close_notify, which may block, and shuts down the output (FIN).</summary>
    public SocketError TryEndOutput()
    {
        _ending ??= WakeOnCompletion(_stream is SslStream stream ? TlsPlatform.ShutdownAsync(stream) : Task.CompletedTask);
        if (!_ending.IsCompleted)
        {
            return SocketError.WouldBlock;
        }

        var error = Outcome(_ending);
        return error == SocketError.Success ? SocketState.TryEndOutput(_socket) : error;
    }

    /// <inheritdoc/>
    public string Explain(SocketError error) => new SocketException((int)error).Message;

    /// <inheritdoc/>
    public void SetResetOnClose() => _socket.LingerState = new LingerOption(true, 0);

    /// <inheritdoc/>
    public void Close(Connection connection)
    {
        _pump.Dispose();
        _socket.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The close has failed these operations: their exceptions are read, since .NET reports those that nobody reads.
        _ = _opening?.Exception;
        _ = _receive?.Exception;
        _ = _send?.Exception;
        _ = _ending?.Exception;
        _stream.Dispose();
        _connection.Dispose();
        if (_buffer is { } buffer)
        {
            _buffer = null;
            Pool.Return(buffer);
        }
    }

    private async Task HandshakeAsync() =>
        _stream = await _tls.AcceptAsync(
            _connection, first => _socket.ReceiveAsync(new ArraySegment<byte>(first), SocketFlags.Peek), RejectHandshake).ConfigureAwait(false);

    private T WakeOnCompletion<T>(T task)
        where T : Task
    {
        if (!task.IsCompleted)
        {
            task.ContinueWith(
                static (_, pump) => ((AsyncPump)pump!).Wake(), _pump, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return task;
    }

    private static bool IsPending(Task? task) => task is { IsCompleted: false };

    private static SocketError Outcome(Task task)
    {
        if (task.Status == TaskStatus.RanToCompletion)
        {
            return SocketError.Success;
        }

        return task.Exception?.GetBaseException() switch
        {
            SocketException socket => socket.SocketErrorCode,
            ObjectDisposedException or null => SocketError.OperationAborted,

            // The peer disconnected in the middle of a record, or sent an invalid one.
            _ => SocketError.ConnectionAborted,
        };
    }
}
