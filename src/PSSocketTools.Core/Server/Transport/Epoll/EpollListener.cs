using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>Accepts a listening socket's connections on a loop, several at a time.</summary>
internal sealed unsafe class EpollListener(EpollTransport transport, EpollLoop loop, Socket socket) : EpollSocket(loop, socket)
{
    // A burst of new connections yields to established ones after so many accepts.
    private const int MaxAcceptsPerTurn = 64;

    // The size of struct sockaddr_storage, which holds an address of any family.
    private const int LongestAddress = 128;

    private readonly AcceptBackoff _backoff = new();
    private readonly DescriptorReserve _reserve = new();

    /// <summary>Starts or resumes accepting, unless the back-off timer is running.</summary>
    public void Resume()
    {
        if (IsHeld && !IsWatched && Deadline.IsNever)
        {
            Watch(Libc.EpollIn);
        }
    }

    /// <summary>Stops accepting for now: connections wait in the kernel's backlog.</summary>
    public void Pause() => Unwatch();

    /// <summary>Ends accepting; the transport closes the socket.</summary>
    public void End() => Release();

    /// <inheritdoc/>
    public override void OnTime() => transport.ResumeAccepting(this);

    /// <summary>Reports what ended accepting as a failure of the server.</summary>
    public override void Fail(Exception exception)
    {
        BestEffort.Run(End);
        transport.OnFailure(exception, Socket);
    }

    /// <inheritdoc/>
    public override void OnReady(int events)
    {
        var address = stackalloc byte[LongestAddress];
        for (var i = 0; i < MaxAcceptsPerTurn && IsWatched; i++)
        {
            if (!_reserve.HasRoom())
            {
                BackOff(Messages.Get("DescriptorsShort", _reserve.Limit));
                return;
            }

            var length = LongestAddress;
            var descriptor = Libc.Accept(Descriptor, address, &length, Libc.SockNonBlockingCloseOnExec);
            if (descriptor >= 0)
            {
                _backoff.Reset();
                _reserve.Opened(descriptor);
                var accepted = new UnixDescriptor(descriptor);
                var remote = LinuxAddress.ReadEndPoint(address, length);
                length = LongestAddress;
                var hasLocal = transport.Admission.NeedsLocalEndPoint && Libc.GetSocketName(descriptor, address, &length) == 0;
                transport.Serve(accepted, remote, hasLocal ? LinuxAddress.ReadEndPoint(address, length) : null);
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
        transport.Record.Failed(null, ServerEventReason.AcceptFailed, what);
        Loop.SetTimer(this, Deadline.AfterMilliseconds(_backoff.Next()));
    }
}
