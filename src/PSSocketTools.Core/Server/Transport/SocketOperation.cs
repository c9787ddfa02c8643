using System.Net.Sockets;

namespace PSSocketTools.Server.Transport;

/// <summary>A receive or a send of .NET's that had to wait, one at a time; its end wakes a pump.</summary>
internal sealed class SocketOperation(AsyncPump pump) : SocketAsyncEventArgs
{
    private volatile bool _isOver;

    /// <summary>Whether it was begun and <see cref="TryEnd"/> has not seen its end.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the system still has the buffer.</summary>
    public bool IsUnderWay => HasBegun && !_isOver;

    public void Receive(Socket socket)
    {
        _isOver = false;
        Begin(socket.ReceiveAsync(this));
    }

    public void Send(Socket socket)
    {
        _isOver = false;
        Begin(socket.SendAsync(this));
    }

    /// <summary>Takes the outcome: WouldBlock while there is none.</summary>
    public bool TryEnd(out SocketError error)
    {
        if (!_isOver)
        {
            error = SocketError.WouldBlock;
            return false;
        }

        HasBegun = false;
        error = SocketError;
        return error == SocketError.Success;
    }

    /// <inheritdoc/>
    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        _isOver = true;
        pump.Wake();
    }

    // Where it waits, its end may have come by now, on another thread.
    private void Begin(bool waits)
    {
        HasBegun = true;
        if (!waits)
        {
            _isOver = true;
        }
    }
}
