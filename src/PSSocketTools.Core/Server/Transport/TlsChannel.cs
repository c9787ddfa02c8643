using System.Net.Security;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Server.Transport;

/// <summary>A channel through TLS, which .NET offers as a stream only.</summary>
internal sealed class TlsChannel : ByteChannel
{
    private readonly Socket _socket;
    private readonly NetworkStream _connection;
    private readonly int _bufferSize;
    private readonly TlsServer _tls;

    // What bytes go through: the connection itself until a handshake has succeeded, so that one without it ends in order too.
    private Stream _stream;

    // Borrowed with the first receive: who does not finish a handshake costs none.
    private byte[]? _buffer;
    private Task<int>? _receive;
    private Task? _send;
    private int _sending;

    public TlsChannel(Socket socket, int bufferSize, TlsServer tls, AsyncSignal signal)
        : base(signal)
    {
        _socket = socket;
        _bufferSize = bufferSize;
        _tls = tls;

        // A stream over a socket needs one that blocks, whatever it does asynchronously.
        socket.Blocking = true;
        _stream = _connection = new NetworkStream(socket, ownsSocket: true);
    }

    /// <inheritdoc/>
    public override bool IsReceiveOver => _receive is null or { IsCompleted: true };

    /// <inheritdoc/>
    public override bool IsSendOver => _send is null or { IsCompleted: true };

    /// <inheritdoc/>
    public override int QueuedBytes => SendQueue.Bytes(_socket);

    /// <inheritdoc/>
    public override bool HasBytesAtHand => _socket.Available > 0;

    /// <inheritdoc/>
    public override bool HasPeerReset => IsGone(_socket);

    /// <inheritdoc/>
    public override async Task OpenAsync() =>
        _stream = await _tls.AcceptAsync(_socket, _connection).ConfigureAwait(false);

    /// <inheritdoc/>
    public override bool BeginReceive()
    {
        _receive = _stream.ReadAsync(_buffer ??= Pool.Rent(_bufferSize), 0, _bufferSize);
        return IsOver(_receive);
    }

    /// <inheritdoc/>
    public override int EndReceive(out byte[] buffer, out SocketError error)
    {
        buffer = _buffer!;
        var receive = _receive!;
        _receive = null;
        error = Outcome(receive);
        return error == SocketError.Success ? receive.Result : 0;
    }

    /// <inheritdoc/>
    public override bool BeginSend(byte[] buffer, int offset, int count)
    {
        _sending = Math.Min(count, MostPerWait);
        _send = _stream.WriteAsync(buffer, offset, _sending);
        return IsOver(_send);
    }

    /// <inheritdoc/>
    public override int EndSend(out SocketError error)
    {
        var send = _send!;
        _send = null;
        error = Outcome(send);
        return error == SocketError.Success ? _sending : 0;
    }

    /// <inheritdoc/>
    public override async Task EndOutputAsync()
    {
        if (_stream is SslStream stream)
        {
            await TlsPlatform.ShutdownAsync(stream).ConfigureAwait(false);
        }

        _socket.Shutdown(SocketShutdown.Send);
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        Close();
    }

    /// <inheritdoc/>
    public override void Close() => _socket.Dispose();

    /// <inheritdoc/>
    public override void Dispose()
    {
        // What was under way at the end failed with it: nobody else looks.
        _ = _receive?.Exception;
        _ = _send?.Exception;
        _stream.Dispose();
        _connection.Dispose();
        if (_buffer is { } buffer)
        {
            _buffer = null;
            Pool.Return(buffer);
        }
    }

    private bool IsOver(Task task)
    {
        if (task.IsCompleted)
        {
            return true;
        }

        task.ContinueWith(
            static (_, signal) => ((AsyncSignal)signal!).Set(), Signal, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return false;
    }

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
