using System.Net.Security;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Server.Transport;

/// <summary>A channel through TLS, which .NET offers as a stream only: what would block is a task that stays under way.</summary>
internal sealed class TlsChannel : IChannel
{
    private readonly Socket _socket;
    private readonly NetworkStream _connection;
    private readonly int _bufferSize;
    private readonly TlsServer _tls;
    private readonly AsyncPump _pump;

    // What bytes go through: the connection itself until a handshake has succeeded, so that one without it ends in order too.
    private Stream _stream;

    // Borrowed with the first receive: who does not finish a handshake costs none.
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

        // A stream over a socket needs one that blocks, whatever it does asynchronously.
        socket.Blocking = true;
        _stream = _connection = new NetworkStream(socket, ownsSocket: true);
    }

    /// <inheritdoc/>
    public bool TellsReset => false;

    /// <inheritdoc/>
    public bool HasPeerReset => SocketState.IsReset(_socket);

    /// <inheritdoc/>
    public int QueuedBytes => SendQueue.Bytes(_socket);

    /// <inheritdoc/>
    public bool HasBytesAtHand => _socket.Available > 0;

    /// <inheritdoc/>
    public bool IsBusy => IsUnderWay(_opening) || IsUnderWay(_receive) || IsUnderWay(_send) || IsUnderWay(_ending);

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
        WakeWhenOver(_opening);
        return _opening;
    }

    /// <inheritdoc/>
    public int TryReceive(bool insist, out byte[] buffer, out SocketError error)
    {
        buffer = _buffer ??= Pool.Rent(_bufferSize);
        var receive = _receive ??= WakeWhenOver(_stream.ReadAsync(buffer, 0, _bufferSize));
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
            _sending = Math.Min(count, SocketState.MostPerWait);
            _send = WakeWhenOver(_stream.WriteAsync(buffer, offset, _sending));
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

    /// <summary>Says that no more comes, which takes a word of its own through TLS, and room for it.</summary>
    public SocketError TryEndOutput()
    {
        _ending ??= WakeWhenOver(_stream is SslStream stream ? TlsPlatform.ShutdownAsync(stream) : Task.CompletedTask);
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
        // What was under way at the end failed with it: nobody else looks.
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
        _stream = await _tls.AcceptAsync(_socket, _connection).ConfigureAwait(false);

    private T WakeWhenOver<T>(T task)
        where T : Task
    {
        if (!task.IsCompleted)
        {
            task.ContinueWith(
                static (_, pump) => ((AsyncPump)pump!).Wake(), _pump, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return task;
    }

    private static bool IsUnderWay(Task? task) => task is { IsCompleted: false };

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

            // A peer that vanishes in the middle of a record, or sends garbage for one.
            _ => SocketError.ConnectionAborted,
        };
    }
}
