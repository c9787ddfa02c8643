using System.Net.Sockets;

namespace PSSocketTools.Server.Transport.Async;

/// <summary>Accepts a listener's connections one by one, without exceptions for failed accepts.</summary>
internal sealed class AcceptOperation : IDisposable
{
    private readonly Socket _listener;
    private readonly SocketAsyncEventArgs _event = new();
    private TaskCompletionSource<bool>? _completion;

    public AcceptOperation(Socket listener)
    {
        _listener = listener;
        _event.Completed += (_, _) => _completion!.SetResult(true);
    }

    /// <summary>Why the last accept returned no socket; WouldBlock when it was cancelled.</summary>
    public SocketError Error { get; private set; }

    /// <summary>Accepts the next connection; null with <see cref="Error"/> set.</summary>
    public async Task<Socket?> AcceptAsync()
    {
        _event.AcceptSocket = null;
        _completion = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_listener.AcceptAsync(_event))
        {
            await _completion.Task.ConfigureAwait(false);
        }

        Error = _event.SocketError;
        if (Error == SocketError.Success)
        {
            return _event.AcceptSocket;
        }

        // Windows may have created the socket before the accept failed.
        _event.AcceptSocket?.Dispose();
        return null;
    }

#if NET
    /// <summary>Accepts the next connection, unless cancelled before.</summary>
    public async Task<Socket?> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
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
    /// <summary>Accepts the next connection; an accept can't be cancelled on this framework.</summary>
    public Task<Socket?> AcceptAsync(CancellationToken cancellationToken)
    {
        _ = cancellationToken;
        return AcceptAsync();
    }
#endif

    /// <inheritdoc/>
    public void Dispose() => _event.Dispose();
}
