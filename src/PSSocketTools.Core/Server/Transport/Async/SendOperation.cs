using System.Net.Sockets;

namespace PSSocketTools.Server.Transport.Async;

/// <summary>An asynchronous send of .NET; its completion wakes a pump.</summary>
internal sealed class SendOperation(AsyncPump pump) : SocketAsyncEventArgs
{
    private volatile bool _isCompleted;

    /// <summary>Whether it was started and <see cref="TryComplete"/> has not returned its outcome yet.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Whether the operation is pending and holds the buffer.</summary>
    public bool IsPending => IsStarted && !_isCompleted;

    public void Send(Socket socket)
    {
        _isCompleted = false;
        IsStarted = true;

        try
        {
            // A pending operation may have completed on another thread by now.
            if (!socket.SendAsync(this))
            {
                _isCompleted = true;
            }
        }
        catch
        {
            // Nothing was started, as where the system can watch no more sockets: the end of the connection must not wait for it.
            _isCompleted = true;
            throw;
        }
    }

    /// <summary>Returns the outcome; WouldBlock while the operation is pending.</summary>
    public bool TryComplete(out SocketError error)
    {
        if (!_isCompleted)
        {
            error = SocketError.WouldBlock;
            return false;
        }

        IsStarted = false;
        error = SocketError;
        return error == SocketError.Success;
    }

    /// <inheritdoc/>
    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        _isCompleted = true;
        pump.Wake();
    }
}
