using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>Attempts over epoll: two system calls for a refused port, where a .NET socket takes a dozen and an object with a finalizer.</summary>
internal sealed unsafe class EpollProbeTransport : ProbeTransport
{
    private const int MaxEntriesPerWait = 64;

    private readonly bool _isTcp;
    private readonly LinuxProbeSockets _sockets;
    private readonly LinuxEpoll _epoll;
    private readonly Dictionary<int, ProbeAttempt> _pending = [];

    // On Linux a socket whose connection was refused can connect again, which saves a new socket for each closed port.
    private int _reusableInet = -1;
    private int _reusableInet6 = -1;

    public EpollProbeTransport(ProbeSetup setup)
    {
        _isTcp = setup.Protocol == SocketProtocol.Tcp;
        _sockets = new LinuxProbeSockets(setup);
        try
        {
            _epoll = new LinuxEpoll();
        }
        catch (Win32Exception exception)
        {
            throw Failed(exception);
        }
    }

    public static bool IsSupported => LinuxEpoll.IsSupported;

    public override bool Begin(ProbeAttempt attempt)
    {
        var family = attempt.Address.AddressFamily == AddressFamily.InterNetworkV6 ? Libc.FamilyInet6 : Libc.FamilyInet;
        ref var reusable = ref family == Libc.FamilyInet6 ? ref _reusableInet6 : ref _reusableInet;
        var descriptor = reusable;
        reusable = -1;
        if (descriptor < 0 && (descriptor = _sockets.Open(family)) < 0)
        {
            End(attempt, -descriptor);
            return true;
        }

        var error = _sockets.Begin(descriptor, attempt);
        if (error is Libc.EAlready or Libc.EInProgress or Libc.EAgain)
        {
            if (Await(descriptor, attempt, _isTcp ? Libc.EpollOut : Libc.EpollIn))
            {
                return false;
            }

            error = Marshal.GetLastWin32Error();
        }

        End(attempt, error);
        if (error != 0)
        {
            LinuxProbeSockets.SetIcmp(descriptor, attempt);
        }

        if (error == Libc.EConnRefused)
        {
            reusable = descriptor;
            return true;
        }

        if (error == 0 && _isTcp && !Establish(descriptor, attempt))
        {
            return false;
        }

        _sockets.Close(descriptor, attempt);
        return true;
    }

    public override void Abandon(ProbeAttempt attempt)
    {
        attempt.IsAbandoned = true;
        Close(attempt);
    }

    public override void Wait(int milliseconds, ICollection<ProbeAttempt> ended)
    {
        var entries = stackalloc byte[MaxEntriesPerWait * LinuxEpoll.MaxEntryBytes];
        var count = _epoll.Wait(entries, MaxEntriesPerWait, milliseconds);
        var now = Clock.System.Timestamp;
        for (var i = 0; i < count; i++)
        {
            var descriptor = LinuxEpoll.DescriptorOf(entries, i);
            if (!_epoll.TakeWake(descriptor) && _pending.TryGetValue(descriptor, out var attempt)
                && (attempt.IsConnected ? Check(descriptor, attempt.Check!) : Conclude(descriptor, attempt, now)))
            {
                Close(attempt);
                ended.Add(attempt);
            }
        }
    }

    public override void Wake() => _epoll.Wake();

    public override void Dispose()
    {
        foreach (var attempt in _pending.Values.ToArray())
        {
            Abandon(attempt);
        }

        foreach (var descriptor in new[] { _reusableInet, _reusableInet6 })
        {
            if (descriptor >= 0)
            {
                _ = Libc.Close(descriptor);
            }
        }

        _reusableInet = _reusableInet6 = -1;
        _epoll.Dispose();
    }

    private static void End(ProbeAttempt attempt, int error) => attempt.End(LinuxErrors.ToSocketError(error), error);

    /// <summary>Evaluates a pending attempt whose socket is ready; false when it goes on.</summary>
    private bool Conclude(int descriptor, ProbeAttempt attempt, long now)
    {
        var error = _sockets.ResultOf(descriptor, attempt);
        if (error == Libc.EAgain && !_isTcp)
        {
            return false;
        }

        attempt.EndAt(now, LinuxErrors.ToSocketError(error), error);
        if (error != 0)
        {
            LinuxProbeSockets.SetIcmp(descriptor, attempt);
            return true;
        }

        return !_isTcp || Establish(descriptor, attempt);
    }

    /// <summary>Examines a connection, and begins what is to be checked of it; false when that goes on.</summary>
    private bool Establish(int descriptor, ProbeAttempt attempt)
    {
        attempt.HandshakeMilliseconds = TcpRoundTrip.OfDescriptor(descriptor);
        if (LinuxProbeSockets.IsSelfConnection(descriptor, attempt))
        {
            attempt.EndAt(attempt.EndedAt, SelfConnected);
            return true;
        }

        if (attempt.Check is not { } check)
        {
            return true;
        }

        if (check.Request.Length > 0 && !LinuxProbeSockets.Send(descriptor, check.Request))
        {
            check.Ended();
            return true;
        }

        if (attempt.Descriptor >= 0)
        {
            _pending.Remove(descriptor);
            _epoll.Remove(descriptor);
        }

        // Received bytes stay unread where only the end matters, so that no flood keeps the loop busy.
        if (!Await(descriptor, attempt, check.Reads ? Libc.EpollIn | Libc.EpollReadHangUp : Libc.EpollReadHangUp))
        {
            End(attempt, Marshal.GetLastWin32Error());
            return true;
        }

        attempt.IsConnected = true;
        Connected?.Invoke(attempt);
        return false;
    }

    private static bool Check(int descriptor, ProbeCheck check)
    {
        var count = check.Reads ? LinuxProbeSockets.Receive(descriptor, check) : 0;
        if (count > 0)
        {
            check.Received(count);
        }
        else if (count == 0 || Marshal.GetLastWin32Error() != Libc.EAgain)
        {
            check.Ended();
        }

        return check.Verdict != ProbeVerdict.Pending;
    }

    private bool Await(int descriptor, ProbeAttempt attempt, int events)
    {
        if (!_epoll.TryAdd(descriptor, events))
        {
            return false;
        }

        attempt.Descriptor = descriptor;
        _pending.Add(descriptor, attempt);
        return true;
    }

    private static SocketToolsException Failed(Win32Exception exception)
    {
        const string What = "epoll";
        return SocketErrors.IsExhausted(LinuxErrors.ToSocketError(exception.NativeErrorCode))
            ? SocketErrors.ToExhaustedError(What, exception)
            : new SocketToolsException(SocketToolsError.SocketFailed, Messages.Get("SocketFailed", What, exception.Message));
    }

    private void Close(ProbeAttempt attempt)
    {
        var descriptor = attempt.Descriptor;
        if (descriptor < 0)
        {
            return;
        }

        // The number may be another file's as soon as the socket is closed, in this process or one that is forked meanwhile.
        attempt.Descriptor = -1;
        _pending.Remove(descriptor);
        _epoll.Remove(descriptor);
        _sockets.Close(descriptor, attempt);
    }
}
