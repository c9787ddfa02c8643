using System.Net.Security;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Tls;
#if NET
using System.Runtime.CompilerServices;
using Operation = System.Threading.Tasks.ValueTask<int>;
#else
using Operation = System.Threading.Tasks.Task<int>;
#endif

namespace PSSocketTools.Server.Transport.Async;

/// <summary>A channel over TLS, which .NET offers only as a stream: an operation that would block is pending, and wakes the pump.</summary>
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
    private readonly StreamOperation _receive;
    private readonly StreamOperation _send;
    private readonly StreamOperation _ending;
    private bool _hasEndedOutput;

    // Set on the thread that runs the handshake.
    private volatile bool _hasHandshakeBegun;

    public TlsChannel(Socket socket, int bufferSize, TlsServer tls, AsyncPump pump)
    {
        _socket = socket;
        _bufferSize = bufferSize;
        _tls = tls;
        _pump = pump;
        _receive = new StreamOperation(pump);
        _send = new StreamOperation(pump);
        _ending = new StreamOperation(pump);

        // NetworkStream requires a blocking socket, even for asynchronous operations.
        socket.Blocking = true;
        _stream = _connection = new NetworkStream(socket, ownsSocket: true);
    }

    /// <inheritdoc/>
    public bool ReportsReset => false;

    /// <inheritdoc/>
    public bool HasClientReset => SocketCalls.WasReset(_socket);

    /// <inheritdoc/>
    public bool HasClientEnded => false;

    /// <inheritdoc/>
    public int QueuedBytes => SendQueue.Bytes(_socket);

    /// <inheritdoc/>
    public bool HasBytesAvailable => _socket.Available > 0;

    /// <inheritdoc/>
    public bool IsBusy => _opening is { IsCompleted: false } || _receive.IsPending || _send.IsPending || _ending.IsPending;

    /// <inheritdoc/>
    public string? TlsProtocol => (_stream as SslStream)?.SslProtocol.ToString();

    /// <inheritdoc/>
    public PeerCertificate? ClientCertificate { get; private set; }

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
    public void RejectHandshake()
    {
        if (!_hasHandshakeBegun)
        {
            SendNoTlsAlert();
        }
    }

    /// <inheritdoc/>
    public int TryReceive(bool force, out byte[] buffer, out SocketError error)
    {
        buffer = _buffer ??= Pool.Rent(_bufferSize);
        if (!_receive.IsStarted)
        {
            _receive.Start(ReadAsync(buffer));
        }

        return _receive.TryComplete(out error);
    }

    /// <inheritdoc/>
    public int TrySend(byte[] buffer, int offset, int count, out SocketError error)
    {
        if (!_send.IsStarted)
        {
            _send.Start(SendAsync(buffer, offset, Math.Min(count, ServerTransport.MaxPendingSend)));
        }

        return _send.TryComplete(out error);
    }

    /// <summary>Sends close_notify, which may block, and shuts down the output (FIN).</summary>
    public SocketError TryEndOutput()
    {
        if (!_hasEndedOutput)
        {
            _hasEndedOutput = true;
            _ending.Start(EndOutputAsync());
        }

        _ = _ending.TryComplete(out var error);
        return error == SocketError.Success ? SocketCalls.ShutDownOutput(_socket) : error;
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
        _receive.Discard();
        _send.Discard();
        _ending.Discard();
        _stream.Dispose();
        _connection.Dispose();
        if (_buffer is { } buffer)
        {
            _buffer = null;
            Pool.Return(buffer);
        }
    }

    private async Task HandshakeAsync() =>
        (_stream, ClientCertificate) = await _tls.AcceptAsync(_connection, PeekAsync, SendNoTlsAlert).ConfigureAwait(false);

    private async Task<int> PeekAsync(byte[] first)
    {
        var count = await _socket.ReceiveAsync(new ArraySegment<byte>(first), SocketFlags.Peek).ConfigureAwait(false);
        _hasHandshakeBegun = count > 0;
        return count;
    }

    /// <summary>Sends the alert. It does not block, because nothing was sent to the client before.</summary>
    private void SendNoTlsAlert() => _socket.Send(TlsServer.NoTlsAlert, 0, TlsServer.NoTlsAlert.Length, SocketFlags.None, out _);

    private Operation ReadAsync(byte[] buffer) =>
#if NET
        _stream.ReadAsync(buffer.AsMemory(0, _bufferSize));
#else
        _stream.ReadAsync(buffer, 0, _bufferSize);
#endif

#if NET
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
#endif
    private async Operation SendAsync(byte[] buffer, int offset, int count)
    {
#if NET
        await _stream.WriteAsync(buffer.AsMemory(offset, count)).ConfigureAwait(false);
#else
        await _stream.WriteAsync(buffer, offset, count).ConfigureAwait(false);
#endif
        return count;
    }

    private async Operation EndOutputAsync()
    {
        if (_stream is SslStream stream)
        {
            await TlsPlatform.ShutdownAsync(stream).ConfigureAwait(false);
        }

        return 0;
    }
}
