using System.Net.Sockets;

namespace PSSocketTools.Server.Transport;

/// <summary>An asynchronous receive or send of .NET, one at a time; its completion wakes a pump.</summary>
internal sealed class SocketOperation(AsyncPump pump) : SocketAsyncEventArgs
{
    private volatile bool _isCompleted;

    /// <summary>Whether it was started and <see cref="TryComplete"/> has not returned its outcome yet.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Whether the operation is pending and holds the buffer.</summary>
    public bool IsPending => IsStarted && !_isCompleted;

    public void Receive(Socket socket)
    {
        _isCompleted = false;
        Begin(socket.ReceiveAsync(this));
    }

    public void Send(Socket socket)
    {
        _isCompleted = false;
        Begin(socket.SendAsync(this));
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

    // A pending operation may have completed on another thread by now.
    private void Begin(bool isPending)
    {
        IsStarted = true;
        if (!isPending)
        {
            _isCompleted = true;
        }
    }
}
