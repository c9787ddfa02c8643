#if NET
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>Accepts a listening socket's connections on a loop, several at a time.</summary>
internal sealed unsafe class EpollListener : TimedSource
{
    // A burst of new connections yields to established ones after so many accepts.
    private const int MaxAcceptsPerTurn = 64;

    // struct sockaddr_storage.
    private const int LongestAddress = 128;

    private readonly EpollTransport _transport;
    private readonly EpollLoop _loop;
    private readonly Socket _listener;
    private readonly SafeSocketHandle _socket;
    private readonly int _descriptor;
    private readonly AcceptBackoff _backoff = new();
    private readonly DescriptorReserve _reserve = new();
    private bool _isHeld;
    private bool _isWatched;

    public EpollListener(EpollTransport transport, EpollLoop loop, Socket socket)
    {
        _transport = transport;
        _loop = loop;
        socket.Blocking = false;
        _listener = socket;
        _socket = socket.SafeHandle;

        // A reference, so that the descriptor can't be closed while its number is used.
        _socket.DangerousAddRef(ref _isHeld);
        _descriptor = (int)_socket.DangerousGetHandle();
    }

    /// <summary>Starts or resumes accepting, unless the back-off timer is running.</summary>
    public void Resume()
    {
        if (!_isHeld || _isWatched || !Deadline.IsNever)
        {
            return;
        }

        try
        {
            _loop.Watch(_descriptor, Libc.EpollIn, this);
            _isWatched = true;
        }
        catch (Win32Exception exception)
        {
            // The caller may be the end of another connection, which must not fail for this.
            Fail(exception);
        }
    }

    /// <summary>Stops accepting for now: connections wait in the kernel's backlog.</summary>
    public void Pause()
    {
        if (_isWatched)
        {
            _isWatched = false;
            _loop.Unwatch(_descriptor);
        }
    }

    /// <summary>Ends accepting; the owner of the socket closes it.</summary>
    public void End()
    {
        Pause();
        _loop.Forget(_descriptor, this);
        if (_isHeld)
        {
            _isHeld = false;
            _socket.DangerousRelease();
        }
    }

    /// <inheritdoc/>
    public override void OnTime() => _transport.ResumeAccepting(this);

    /// <summary>Reports what ended accepting as a fault of the server.</summary>
    public override void Fail(Exception exception)
    {
        Attempt.To(End);
        _transport.Fault(exception, _listener);
    }

    /// <inheritdoc/>
    public override void OnReady(int events)
    {
        var address = stackalloc byte[LongestAddress];
        for (var i = 0; i < MaxAcceptsPerTurn && _isWatched; i++)
        {
            if (!_reserve.HasRoom())
            {
                BackOff(Messages.Get("DescriptorsShort", _reserve.Limit));
                return;
            }

            var length = LongestAddress;
            var descriptor = Libc.Accept(_descriptor, address, &length, Libc.SockNonBlockingCloseOnExec);
            if (descriptor >= 0)
            {
                _backoff.Reset();
                _reserve.Accepted(descriptor);
                var socket = new LinuxDescriptor(descriptor);
                var remote = LinuxAddress.ReadEndPoint(address, length);
                if (remote is not null)
                {
                    var on = 1;
                    _ = Libc.SetSocketOption(descriptor, Libc.SolTcp, Libc.TcpNoDelay, &on, sizeof(int));
                }

                length = LongestAddress;
                var hasLocal = _transport.WantsLocalEndPoint && Libc.GetSocketName(descriptor, address, &length) == 0;
                _transport.Serve(socket, remote, hasLocal ? LinuxAddress.ReadEndPoint(address, length) : null);
                continue;
            }

            var number = Marshal.GetLastWin32Error();
            if (number == Libc.EAgain)
            {
                return;
            }

            // Other code shut down or closed the socket.
            if (number is Libc.EInvalid or Libc.EBadDescriptor or Libc.ENotSocket)
            {
                Fail(new Win32Exception(number));
                return;
            }

            // A connection that was reset before it was accepted is no failure.
            var error = LinuxErrors.ToSocketError(number);
            if (number != Libc.EIntr && !SocketErrors.IsReset(error))
            {
                BackOff(error == SocketError.SocketError ? Marshal.GetPInvokeErrorMessage(number) : new SocketException((int)error).Message);
            }
        }
    }

    /// <summary>Reports a failed accept, and pauses accepting for the back-off.</summary>
    private void BackOff(string what)
    {
        Pause();
        _transport.Record.Failed(null, ServerEventReason.AcceptFailed, what);
        _loop.SetTimer(this, Deadline.AfterMilliseconds(_backoff.Next()));
    }
}
#endif
