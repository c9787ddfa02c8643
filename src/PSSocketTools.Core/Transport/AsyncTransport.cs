using System.Net.Sockets;
using PSSocketTools.Echo;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Transport;

/// <summary>.NET's asynchronous sockets: everywhere, for everything.</summary>
internal sealed class AsyncTransport : ServerTransport
{
    private readonly IReadOnlyList<Socket> _listeners;
    private readonly Reception _reception;
    private readonly int _bufferSize;
    private readonly Action<Exception> _onFault;
    private readonly TlsServer? _tls;
    private readonly HashSet<AsyncConnection> _connections = [];
    private readonly TaskCompletionSource<bool> _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();

    // One at a time: whoever has the turn is served. Null when all are served at once.
    private readonly SemaphoreSlim? _turn;
    private Task _accepting = Task.CompletedTask;
    private bool _stopped;
    private int _waitingForTurn;

    public AsyncTransport(IReadOnlyList<Socket> listeners, Reception reception, int bufferSize, bool sequential, TlsServer? tls, Action<Exception> onFault)
    {
        _listeners = listeners;
        _reception = reception;
        _bufferSize = bufferSize;
        _onFault = onFault;
        _tls = tls;
        _turn = sequential ? new SemaphoreSlim(1) : null;
    }

    /// <inheritdoc/>
    public override string Name => "Async";

    /// <summary>How long a client may take until it is ready for bytes.</summary>
    public TimeSpan HandshakeTimeout => _tls?.HandshakeTimeout ?? Timeout.InfiniteTimeSpan;

    /// <inheritdoc/>
    public override int? WaitingConnections
    {
        get
        {
            var queued = ListenBacklog.Waiting(_listeners);
            return queued is null ? null : queued + Volatile.Read(ref _waitingForTurn);
        }
    }

    /// <inheritdoc/>
    public override void Start() => _accepting = Task.WhenAll(_listeners.Select(AcceptAllAsync));

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken patienceEnded)
    {
        _stopping.Cancel();
        foreach (var listener in _listeners)
        {
            listener.Dispose();
        }

        // From here on nobody comes in any more.
        await _accepting.ConfigureAwait(false);
        AsyncConnection[] connections;
        lock (_connections)
        {
            _stopped = true;
            connections = [.. _connections];
            if (connections.Length == 0)
            {
                _empty.TrySetResult(true);
            }
        }

        foreach (var connection in connections)
        {
            connection.Drain();
        }

        await WhenAnyAsync(_empty.Task, patienceEnded).ConfigureAwait(false);

        lock (_connections)
        {
            connections = [.. _connections];
        }

        foreach (var connection in connections)
        {
            connection.Abort();
        }

        await _empty.Task.ConfigureAwait(false);
    }

    /// <summary>A conversation is over; its socket may still be closing.</summary>
    public void ConversationEnded() => _turn?.Release();

    /// <summary>A connection holds nothing any more.</summary>
    public void Closed(AsyncConnection connection)
    {
        lock (_connections)
        {
            _connections.Remove(connection);
            if (_stopped && _connections.Count == 0)
            {
                _empty.TrySetResult(true);
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _stopping.Dispose();
        _turn?.Dispose();
    }

    private async Task AcceptAllAsync(Socket listener)
    {
        var backoff = default(AcceptBackoff);
        using var accepting = new AcceptOperation();
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                var socket = await accepting.AcceptAsync(listener).ConfigureAwait(false);
                if (socket is null)
                {
                    if (_stopping.IsCancellationRequested || SocketErrors.IsAbort(accepting.Error))
                    {
                        return;
                    }

                    // A client that left before it was accepted is nobody's failure.
                    if (!SocketErrors.IsReset(accepting.Error))
                    {
                        _reception.Record.Failed(null, ServerEventReason.AcceptFailed, new SocketException((int)accepting.Error).Message);
                        await Task.Delay(backoff.Next(), _stopping.Token).ConfigureAwait(false);
                    }

                    continue;
                }

                backoff.Reset();
                if (_turn is not null)
                {
                    await WaitForTurnAsync(socket).ConfigureAwait(false);
                }

                Serve(socket);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        catch (ObjectDisposedException) when (_stopping.IsCancellationRequested)
        {
            // The same, met in the middle of beginning to accept.
        }
#pragma warning disable CA1031 // Whatever else ends accepting is the server's fault, and is told as such.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _onFault(exception);
        }
    }

    private ByteChannel ToChannel(Socket socket, AsyncSignal signal) =>
        _tls is null ? new SocketChannel(socket, _bufferSize, signal) : new TlsChannel(socket, _bufferSize, _tls, signal);

    private async Task WaitForTurnAsync(Socket socket)
    {
        Interlocked.Increment(ref _waitingForTurn);
        try
        {
            await _turn!.WaitAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _waitingForTurn);
        }
    }

    private void Serve(Socket socket)
    {
        Conversation? conversation = null;
        try
        {
            socket.Blocking = false;
            if (socket.ProtocolType == ProtocolType.Tcp)
            {
                socket.NoDelay = true;
            }

            conversation = _reception.Admit(socket.RemoteEndPoint);
        }
        catch (SocketException)
        {
            // It was reset while it waited: no client came.
        }

        if (conversation is null)
        {
            socket.Dispose();
            _turn?.Release();
            return;
        }

        var signal = new AsyncSignal();
        var connection = new AsyncConnection(this, conversation, _reception.Record, ToChannel(socket, signal), signal);
        lock (_connections)
        {
            _connections.Add(connection);
        }

        ThreadPool.QueueUserWorkItem(static connection => _ = ((AsyncConnection)connection!).RunAsync(), connection);
    }
}
