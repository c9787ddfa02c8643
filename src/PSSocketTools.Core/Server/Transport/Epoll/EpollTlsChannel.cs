using System.Net.Security;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>A channel over TLS on a descriptor: its messages are decrypted and encrypted on the thread of a loop.</summary>
internal sealed class EpollTlsChannel(EpollLoop loop, UnixDescriptor descriptor, EpollBuffers buffers, TlsServer server) : IChannel
{
    private readonly EpollTlsStream _stream = new(descriptor);
    private readonly LateBuffer _buffer = new(buffers);

    // Null until the handshake has succeeded.
    private SslStream? _tls;
    private Task? _opening;

    // The read that is pending, or whose bytes nobody has received yet.
    private ValueTask<int> _read;
    private bool _isReading;

    // How many bytes are encrypted, and not all sent.
    private int _sending;
    private bool _isEndingOutput;

    // Set on the thread that runs the handshake.
    private volatile bool _hasHandshakeBegun;

    /// <summary>False: the pump reports a reset, but no close_notify, which is found among what is received during a wait.</summary>
    public bool ReportsReset => false;

    /// <inheritdoc/>
    public bool HasClientReset => _stream.Descriptor.HasClientReset;

    /// <inheritdoc/>
    public bool HasClientEnded => false;

    /// <inheritdoc/>
    public int QueuedBytes => _stream.Descriptor.QueuedBytes;

    /// <summary>Always false: a forced receive returns them at once.</summary>
    public bool HasBytesAvailable => false;

    /// <inheritdoc/>
    public bool IsBusy => _opening is { IsCompleted: false };

    /// <inheritdoc/>
    public string? TlsProtocol => _tls?.SslProtocol.ToString();

    /// <inheritdoc/>
    public PeerCertificate? ClientCertificate { get; private set; }

    /// <inheritdoc/>
    public void Watch(Connection connection) => _stream.Watch(loop, connection);

    /// <inheritdoc/>
    public bool OnReady(int events) => _stream.OnReady(events);

    /// <inheritdoc/>
    public Task OpenAsync()
    {
        // The handshake keeps the descriptor open, so that it can't receive from another connection that got the same number.
        var isHeld = false;
        descriptor.DangerousAddRef(ref isHeld);
        return _opening = Task.Run(HandshakeAsync);
    }

    /// <inheritdoc/>
    public void RejectHandshake()
    {
        if (!_hasHandshakeBegun)
        {
            SendNoTlsAlert();
        }

        _stream.End();
    }

    /// <inheritdoc/>
    public int TryReceive(bool force, out byte[] buffer, out SocketError error)
    {
        // Without TLS, after a handshake that failed or took too long, what is received is only discarded.
        var count = _tls is null || IsBusy ? _stream.Descriptor.TryReceive(_buffer.GetSpan(), out error) : TryRead(_tls, force, out error);
        buffer = _buffer.Bytes;
        return count;
    }

    /// <inheritdoc/>
    public int TrySend(byte[] buffer, int offset, int count, out SocketError error)
    {
        if (_sending == 0)
        {
            try
            {
                _sending = Math.Min(count, ServerTransport.MaxPendingSend);
                _tls!.Write(buffer, offset, _sending);
            }
            catch (Exception exception) when (TlsErrors.TryToSocketError(exception, out error))
            {
                return -1;
            }
        }

        error = _stream.TryFlush();
        if (error != SocketError.Success)
        {
            return -1;
        }

        var sent = _sending;
        _sending = 0;
        return sent;
    }

    /// <summary>Sends close_notify, which may block, and shuts down the output (FIN).</summary>
    public SocketError TryEndOutput()
    {
        // A handshake that has taken too long may still write, on another thread.
        if (IsBusy)
        {
            return _stream.Descriptor.TryEndOutput();
        }

        if (_tls is not null && !_isEndingOutput)
        {
            try
            {
                // It completes at once, since no write waits.
                _isEndingOutput = true;
                TlsPlatform.ShutdownAsync(_tls).GetAwaiter().GetResult();
            }
            catch (Exception exception) when (TlsErrors.TryToSocketError(exception, out var lost))
            {
                return lost;
            }
        }

        var error = _stream.TryFlush();
        return error == SocketError.Success ? _stream.Descriptor.TryEndOutput() : error;
    }

    /// <inheritdoc/>
    public string Explain(SocketError error) => _stream.Descriptor.Explain(error);

    /// <inheritdoc/>
    public void SetResetOnClose() => _stream.Descriptor.SetResetOnClose();

    /// <inheritdoc/>
    public void Close(Connection connection)
    {
        _stream.End();
        _stream.Descriptor.Close(loop, connection);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Observes the exception of a handshake that the close has failed.
        _ = _opening?.Exception;
        _tls?.Dispose();
        _stream.Dispose();
        _buffer.Return();
    }

    private async Task HandshakeAsync()
    {
        try
        {
            (_tls, ClientCertificate) = await server.AcceptAsync(_stream, PeekAsync, SendNoTlsAlert).ConfigureAwait(false);
            _stream.EndHandshake();
        }
        finally
        {
            descriptor.DangerousRelease();
        }
    }

    private async Task<int> PeekAsync(byte[] first)
    {
        var count = await _stream.PeekAsync(first).ConfigureAwait(false);
        _hasHandshakeBegun = count > 0;
        return count;
    }

    /// <summary>Reads what was decrypted, or begins a read, which goes on by itself once bytes have arrived.</summary>
    private int TryRead(SslStream tls, bool force, out SocketError error)
    {
        try
        {
            if (!_isReading)
            {
                _isReading = true;
                _buffer.Return();
                _stream.BeginRead();
#pragma warning disable CA2012 // It is asked whether it has completed, and its result is taken once.
                _read = tls.ReadAsync(_buffer.Memory);
#pragma warning restore CA2012
            }

            if (force && !_read.IsCompleted)
            {
                _stream.ForceRead();
            }

            if (!_read.IsCompleted)
            {
                error = SocketError.WouldBlock;
                return -1;
            }

            _isReading = false;
            error = SocketError.Success;
            return _read.GetAwaiter().GetResult();
        }
        catch (Exception exception) when (TlsErrors.TryToSocketError(exception, out error))
        {
            return -1;
        }
    }

    private void SendNoTlsAlert() => _ = _stream.Descriptor.TrySend(TlsServer.NoTlsAlert, out _);
}
