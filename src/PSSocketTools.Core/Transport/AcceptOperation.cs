using System.Net.Sockets;

namespace PSSocketTools.Transport;

/// <summary>Accepts clients one by one without an exception for those that went wrong.</summary>
internal sealed class AcceptOperation : IDisposable
{
    private readonly SocketAsyncEventArgs _event = new();
    private TaskCompletionSource<bool>? _over;

    public AcceptOperation() => _event.Completed += (_, _) => _over!.SetResult(true);

    /// <summary>Why the last accept gave no socket.</summary>
    public SocketError Error => _event.SocketError;

    /// <summary>The next client; null with <see cref="Error"/> set.</summary>
    public async Task<Socket?> AcceptAsync(Socket listener)
    {
        _event.AcceptSocket = null;
        _over = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (listener.AcceptAsync(_event))
        {
            await _over.Task.ConfigureAwait(false);
        }

        if (_event.SocketError == SocketError.Success)
        {
            return _event.AcceptSocket;
        }

        // Windows may have made the socket before the accept failed.
        _event.AcceptSocket?.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _event.Dispose();
}
