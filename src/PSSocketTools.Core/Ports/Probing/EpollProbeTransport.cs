using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>Attempts by Linux system calls: two for a refused port, where a .NET socket takes a dozen and an object with a finalizer.</summary>
internal sealed unsafe class EpollProbeTransport : ProbeTransport
{
    private const int MaxEntriesPerWait = 64;

    private readonly ProbeSetup _setup;
    private readonly bool _isTcp;
    private readonly LinuxEpoll _epoll;
    private readonly Dictionary<int, ProbeAttempt> _pending = [];
    private readonly ProbeSources _sources = new();

    // On Linux a socket whose connection was refused can connect again, which saves a new socket for each closed port.
    private int _reusableInet = -1;
    private int _reusableInet6 = -1;

    public EpollProbeTransport(ProbeSetup setup)
    {
        _setup = setup;
        _isTcp = setup.Protocol == SocketProtocol.Tcp;
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
        if (descriptor < 0 && (descriptor = Open(family)) < 0)
        {
            End(attempt, -descriptor);
            return true;
        }

        var error = _isTcp ? Connect(descriptor, attempt) : SendDatagram(descriptor, attempt);
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
            SetIcmp(descriptor, attempt);
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

        CloseDescriptor(descriptor, attempt);
        return true;
    }

    public override void Abandon(ProbeAttempt attempt)
    {
        attempt.IsAbandoned = true;
        Close(attempt);
    }

    public override void Wait(int milliseconds, ICollection<ProbeAttempt> ended)
    {
        var entries = stackalloc byte[MaxEntriesPerWait * LinuxEpoll.LongestEntry];
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

    /// <summary>Opens a socket, bound to the source that was asked for; the system's error as a negative number, where it can't.</summary>
    private int Open(int family)
    {
        var type = _isTcp ? Libc.SockStream : Libc.SockDatagram;
        var descriptor = Libc.Socket(family, type | Libc.SockNonBlockingCloseOnExec, 0);
        if (descriptor < 0)
        {
            return -Marshal.GetLastWin32Error();
        }

        LinuxErrorQueue.Enable(descriptor, family);
        if (_setup.Source is not { } source)
        {
            return descriptor;
        }

        if (_isTcp)
        {
            // The port is chosen with the connect, so that as many can be pending as there are pairs of ends, and not as there are ports.
            var isOn = 1;
            _ = Libc.SetSocketOption(descriptor, Libc.SolIP, Libc.IPBindAddressNoPort, &isOn, sizeof(int));
        }

        var address = stackalloc byte[LinuxAddress.Longest];
        if (Libc.Bind(descriptor, address, LinuxAddress.Write(source, 0, address)) == 0)
        {
            return descriptor;
        }

        var error = Marshal.GetLastWin32Error();
        _ = Libc.Close(descriptor);
        return -error;
    }

    private int Connect(int descriptor, ProbeAttempt attempt)
    {
        var address = stackalloc byte[LinuxAddress.Longest];
        var length = LinuxAddress.Write(attempt.Address, attempt.Port, address);
        attempt.Start();
        if (Libc.Connect(descriptor, address, length) == 0)
        {
            SetSource(descriptor, attempt);
            return 0;
        }

        var error = Marshal.GetLastWin32Error();
        if (error != Libc.EInProgress)
        {
            return error;
        }

        // The socket forgets its source when the refusal is read.
        SetSource(descriptor, attempt);

        // An address of this machine has answered already, and a second connect(2) returns the result without a wait.
        return Libc.Connect(descriptor, address, length) == 0 ? 0 : Marshal.GetLastWin32Error();
    }

    private int SendDatagram(int descriptor, ProbeAttempt attempt)
    {
        var address = stackalloc byte[LinuxAddress.Longest];
        if (Libc.Connect(descriptor, address, LinuxAddress.Write(attempt.Address, attempt.Port, address)) != 0)
        {
            return Marshal.GetLastWin32Error();
        }

        // What the source takes is no part of the latency.
        attempt.Start();
        SetSource(descriptor, attempt);
        attempt.Start();
        return Send(descriptor, attempt.Check?.Request ?? RequestFor(attempt.Port)) ? Receive(descriptor, attempt) : Marshal.GetLastWin32Error();
    }

    private static bool Send(int descriptor, byte[] request)
    {
        fixed (byte* bytes = request)
        {
            return Libc.Send(descriptor, bytes, request.Length, Libc.MessageNoSignal) >= 0;
        }
    }

    private static int Receive(int descriptor, ProbeAttempt attempt)
    {
        if (attempt.Check is not { } check)
        {
            byte answer;
            return Libc.Receive(descriptor, &answer, 1, 0) >= 0 ? 0 : Marshal.GetLastWin32Error();
        }

        var count = ReceiveInto(descriptor, check);
        if (count < 0)
        {
            return Marshal.GetLastWin32Error();
        }

        check.Received(count);
        return 0;
    }

    private static int ReceiveInto(int descriptor, ProbeCheck check)
    {
        fixed (byte* buffer = check.Buffer)
        {
            return (int)Libc.Receive(descriptor, buffer + check.Count, check.Buffer.Length - check.Count, 0);
        }
    }

    private void SetSource(int descriptor, ProbeAttempt attempt)
    {
        if (!_sources.TryGet(attempt.Address, attempt.StartedAt, out var source))
        {
            var local = stackalloc byte[LinuxAddress.Longest];
            var length = LinuxAddress.Longest;
            source = Libc.GetSocketName(descriptor, local, &length) == 0 ? LinuxAddress.Read(local) : null;
            _sources.Set(attempt.Address, attempt.StartedAt, source);
        }

        attempt.Source = source;
    }

    // Nobody but this machine refuses on loopback, and a scan of its closed ports is spared the call.
    private static void SetIcmp(int descriptor, ProbeAttempt attempt)
    {
        if (!IPAddress.IsLoopback(attempt.Address))
        {
            attempt.Icmp = LinuxErrorQueue.Take(descriptor);
        }
    }

    /// <summary>Evaluates an attempt that the system tells something of; false when it goes on.</summary>
    private bool Conclude(int descriptor, ProbeAttempt attempt, long now)
    {
        int error;
        if (_isTcp)
        {
            var size = sizeof(int);
            if (Libc.GetSocketOption(descriptor, Libc.SolSocket, Libc.SoError, &error, &size) != 0)
            {
                error = Marshal.GetLastWin32Error();
            }
        }
        else
        {
            error = Receive(descriptor, attempt);
            if (error == Libc.EAgain)
            {
                // A datagram with a bad checksum wakes the socket and is dropped.
                return false;
            }
        }

        attempt.EndAt(now, LinuxErrors.ToSocketError(error), error);
        if (error != 0)
        {
            SetIcmp(descriptor, attempt);
            return true;
        }

        return !_isTcp || Establish(descriptor, attempt);
    }

    /// <summary>Examines a connection, and begins what is to be checked of it; false when that goes on.</summary>
    private bool Establish(int descriptor, ProbeAttempt attempt)
    {
        attempt.HandshakeMilliseconds = TcpRoundTrip.OfDescriptor(descriptor);
        var remote = stackalloc byte[LinuxAddress.Longest];
        var local = stackalloc byte[LinuxAddress.Longest];
        var length = LinuxAddress.Longest;
        LinuxAddress.Write(attempt.Address, attempt.Port, remote);
        if (Libc.GetSocketName(descriptor, local, &length) == 0 && LinuxAddress.AreSame(local, remote))
        {
            attempt.EndAt(attempt.EndedAt, SelfConnected);
            return true;
        }

        if (attempt.Check is not { } check)
        {
            return true;
        }

        if (check.Request.Length > 0 && !Send(descriptor, check.Request))
        {
            check.Ended();
            return true;
        }

        if (attempt.Descriptor >= 0)
        {
            _pending.Remove(descriptor);
            _epoll.Remove(descriptor);
        }

        // What comes stays unread where only the end matters, so that no flood keeps the loop busy.
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
        var count = check.Reads ? ReceiveInto(descriptor, check) : 0;
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
        CloseDescriptor(descriptor, attempt);
    }

    private void CloseDescriptor(int descriptor, ProbeAttempt attempt)
    {
        if (_setup.ResetsConnections && _isTcp && attempt.Error == SocketError.Success)
        {
            // struct linger: on, after no time.
            var linger = stackalloc int[] { 1, 0 };
            _ = Libc.SetSocketOption(descriptor, Libc.SolSocket, Libc.SoLinger, linger, 2 * sizeof(int));
        }

        _ = Libc.Close(descriptor);
    }
}
