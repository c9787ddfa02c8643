using System.Net.Sockets;

namespace PSSocketTools.Server.Transport;

/// <summary>Accepts a listener's clients one by one, without an exception for those that went wrong.</summary>
internal sealed class AcceptOperation : IDisposable
{
    private readonly Socket _listener;
    private readonly SocketAsyncEventArgs _event = new();
    private TaskCompletionSource<bool>? _over;

    public AcceptOperation(Socket listener)
    {
        _listener = listener;
        _event.Completed += (_, _) => _over!.SetResult(true);
    }

    /// <summary>Why the last accept gave no socket; WouldBlock when it was taken back.</summary>
    public SocketError Error { get; private set; }

    /// <summary>The next client; null with <see cref="Error"/> set.</summary>
    public async Task<Socket?> AcceptAsync()
    {
        _event.AcceptSocket = null;
        _over = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_listener.AcceptAsync(_event))
        {
            await _over.Task.ConfigureAwait(false);
        }

        Error = _event.SocketError;
        if (Error == SocketError.Success)
        {
            return _event.AcceptSocket;
        }

        // Windows may have made the socket before the accept failed.
        _event.AcceptSocket?.Dispose();
        return null;
    }

#if NET
    /// <summary>The same, unless it is taken back before a client comes.</summary>
    public async Task<Socket?> AcceptAsync(CancellationToken takenBack)
    {
        try
        {
            return await _listener.AcceptAsync(takenBack).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Error = SocketError.WouldBlock;
        }
        catch (SocketException exception)
        {
            Error = exception.SocketErrorCode;
        }

        return null;
    }
#else
    /// <summary>The same: an accept can't be taken back here, and gets the next client in any case.</summary>
    public Task<Socket?> AcceptAsync(CancellationToken takenBack)
    {
        _ = takenBack;
        return AcceptAsync();
    }
#endif

    /// <inheritdoc/>
    public void Dispose() => _event.Dispose();
}
