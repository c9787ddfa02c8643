using System.ComponentModel;
using System.Net.Sockets;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>A server's own socket on a loop, which watches its descriptor; whoever opened the socket closes it. For the loop's thread.</summary>
internal abstract class EpollSocket : PumpHandler
{
    private readonly SafeSocketHandle _handle;
    private bool _isHeld;

    /// <exception cref="SocketException">OperationAborted: other code has closed the socket.</exception>
    protected EpollSocket(EpollLoop loop, Socket socket)
    {
        Loop = loop;
        Socket = socket;
        try
        {
            // One descriptor that blocks would hold up all the others of its loop.
            socket.Blocking = false;
            _handle = socket.SafeHandle;

            // While this holds a reference, the descriptor can't be closed, and its number can be no other file's.
            _handle.DangerousAddRef(ref _isHeld);
        }
        catch (ObjectDisposedException)
        {
            throw new SocketException((int)SocketError.OperationAborted);
        }

        Descriptor = (int)_handle.DangerousGetHandle();
    }

    protected EpollLoop Loop { get; }

    protected Socket Socket { get; }

    /// <summary>The socket's descriptor, which stays open until <see cref="Release"/>.</summary>
    protected int Descriptor { get; }

    /// <summary>Whether the descriptor may still be used.</summary>
    protected bool IsHeld => _isHeld;

    /// <summary>Whether the loop reports events.</summary>
    protected bool IsWatched { get; private set; }

    /// <summary>Has the loop report events; the socket fails when it can't. Not while it does already.</summary>
    protected void Watch(int events)
    {
        try
        {
            Loop.Watch(Descriptor, events, this);
            IsWatched = true;
        }
        catch (Win32Exception exception)
        {
            // The caller may be the end of a connection, which must not fail for this.
            Fail(exception);
        }
    }

    /// <summary>Has the loop report no events for now; nothing happens when it reports none.</summary>
    protected void Unwatch()
    {
        if (IsWatched)
        {
            IsWatched = false;
            Loop.Unwatch(Descriptor);
        }
    }

    /// <summary>Leaves the loop, and lets go of the descriptor; nothing happens after the first time.</summary>
    protected void Release()
    {
        Unwatch();
        Loop.Forget(Descriptor, this);
        if (_isHeld)
        {
            _isHeld = false;
            _handle.DangerousRelease();
        }
    }
}
