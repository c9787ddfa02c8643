using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Async;

/// <summary>
/// Waits until a socket has something to receive, and wakes the pump then; no wait holds a buffer. A connection waits in its
/// <see cref="SelectLoop"/> from the beginning. When the loop has released it, it waits by zero-byte receives of .NET until its
/// messages follow each other closely.
/// </summary>
/// <remarks>
/// Not the other way round: .NET watches a socket for good from its first asynchronous receive that had to wait, and on Linux and
/// macOS its threads wake up for each message then, even while nobody receives by it.
/// </remarks>
internal sealed class ReceiveWait : SocketAsyncEventArgs
{
    // A connection returns to the loop when something arrives so soon after what came before.
    private const int BusyMilliseconds = 10;

    // Nothing waits.
    private const int None = 0;

    // The loop has been asked to select the socket.
    private const int Joining = 1;

    // The loop selects the socket.
    private const int Selecting = 2;

    // A zero-byte receive is pending.
    private const int Receiving = 3;

    // There are bytes, the end of input, or an error.
    private const int Ready = 4;

    // The loop is to close the socket.
    private const int Closing = 5;

    private readonly AsyncPump _pump;
    private readonly SelectLoop? _loop;
    private readonly Action _onPosted;
    private int _state;
    private SocketError _error;
    private Deadline _busyUntil = Deadline.Passed;
    private volatile bool _usesLoop;
    private volatile bool _isClosed;

    /// <param name="socket">The socket, non-blocking; <see cref="Close"/> disposes of it.</param>
    /// <param name="pump">The pump, which runs what is not said to be for the loop.</param>
    public ReceiveWait(Socket socket, AsyncPump pump)
    {
        Socket = socket;
        _pump = pump;
        _loop = pump.Loop;
        _usesLoop = _loop is { MayHaveRoom: true };
        _onPosted = OnPosted;
        SetBuffer([], 0, 0);
    }

    /// <summary>The socket.</summary>
    public Socket Socket { get; }

    /// <summary>Whether the pump will be woken.</summary>
    public bool IsPending => State is not (None or Ready);

    /// <summary>Whether something came since the loop last released the silent ones. Only for the loop.</summary>
    public bool WasReady { get; set; } = true;

    /// <summary>Whether the connection waits in its loop. For tests.</summary>
    internal bool IsSelecting => State == Selecting;

    private int State
    {
        get => Volatile.Read(ref _state);
        set => Volatile.Write(ref _state, value);
    }

    /// <summary>Whether there is something to receive, or why not; the pump is woken once there is.</summary>
    /// <param name="error">WouldBlock while there is nothing.</param>
    public bool TryComplete(out SocketError error)
    {
        if (State == None && !(_usesLoop && TryJoin()))
        {
            Receive();
        }

        if (State != Ready)
        {
            error = SocketError.WouldBlock;
            return false;
        }

        State = None;
        error = _error;
        return error == SocketError.Success;
    }

    /// <summary>Closes the socket, which ends the wait.</summary>
    /// <remarks>While another thread selects the socket, the loop closes it: closing a socket that is in use resets the connection.</remarks>
    public void Close()
    {
        _isClosed = true;
        _ = TryChange(Joining, None);
        if (!TryChange(Selecting, Closing))
        {
            Socket.Dispose();
        }
        else if (_loop!.IsCurrent)
        {
            CloseSelected();
        }
        else if (!_loop.TryPost(_onPosted))
        {
            // The loop has ended, or can't be woken.
            CloseSocket();
        }
    }

    /// <summary>Ends the wait, since there is something to receive. Only for the loop.</summary>
    public void SetReady()
    {
        WasReady = true;
        _error = SocketError.Success;
        if (TryChange(Selecting, Ready))
        {
            _pump.Wake();
        }
    }

    /// <summary>Has the connection wait by .NET's receive. Only for the loop.</summary>
    public void Release()
    {
        _usesLoop = false;
        if (TryChange(Selecting, None))
        {
            _pump.Wake();
        }
    }

    /// <inheritdoc/>
    /// <remarks>On a thread of .NET's pool, which passes a busy connection to the loop.</remarks>
    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        var isBusy = _loop is not null && !_isClosed && !_busyUntil.HasPassed && _loop.MayHaveRoom;
        _busyUntil = Deadline.AfterMilliseconds(BusyMilliseconds);
        _usesLoop = isBusy;
        Complete(SocketError);
        if (!isBusy || !_loop!.TryPost(_onPosted))
        {
            _pump.Wake();
        }
    }

    private bool TryJoin()
    {
        if (_loop!.IsCurrent)
        {
            State = Selecting;
            if (_loop.TryAdd(this))
            {
                return true;
            }
        }
        else
        {
            State = Joining;
            if (_loop.TryPost(_onPosted))
            {
                return true;
            }
        }

        State = None;
        _usesLoop = false;
        return false;
    }

    /// <summary>Does on the loop's thread what is to be done there.</summary>
    private void OnPosted()
    {
        if (State == Closing)
        {
            CloseSelected();
        }
        else if (TryChange(Joining, Selecting) && !_loop!.TryAdd(this))
        {
            Release();
        }

        _pump.Wake();
    }

    private void Receive()
    {
        State = Receiving;
        try
        {
            if (!Socket.ReceiveAsync(this))
            {
                Complete(SocketError);
            }
        }
        catch
        {
            // Nothing was started, as where the system can watch no more sockets: the end of the connection must not wait for it.
            State = None;
            throw;
        }
    }

    private void Complete(SocketError error)
    {
        _error = error;
        State = Ready;
    }

    private void CloseSelected()
    {
        _loop!.Remove(this);
        CloseSocket();
    }

    private void CloseSocket()
    {
        Socket.Dispose();
        Complete(SocketError.OperationAborted);
    }

    private bool TryChange(int from, int to) => Interlocked.CompareExchange(ref _state, to, from) == from;
}
