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
    private const int LongestAddress = 28;

    private readonly bool _isTcp;
    private readonly LinuxEpoll _epoll;
    private readonly Dictionary<int, ProbeAttempt> _pending = [];
    private readonly ProbeSources _sources = new();

    // On Linux a socket whose connection was refused can connect again, which saves a new socket for each closed port.
    private int _reusableInet = -1;
    private int _reusableInet6 = -1;

    public EpollProbeTransport(SocketProtocol protocol)
    {
        _isTcp = protocol == SocketProtocol.Tcp;
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
        if (descriptor < 0)
        {
            var type = _isTcp ? Libc.SockStream : Libc.SockDatagram;
            descriptor = Libc.Socket(family, type | Libc.SockNonBlockingCloseOnExec, 0);
            if (descriptor < 0)
            {
                End(attempt, Marshal.GetLastWin32Error());
                return true;
            }
        }

        var error = _isTcp ? Connect(descriptor, attempt) : SendDatagram(descriptor, attempt);
        if (error is Libc.EAlready or Libc.EInProgress or Libc.EAgain)
        {
            if (_epoll.TryAdd(descriptor, _isTcp ? Libc.EpollOut : Libc.EpollIn))
            {
                attempt.Descriptor = descriptor;
                _pending.Add(descriptor, attempt);
                return false;
            }

            error = Marshal.GetLastWin32Error();
        }

        End(attempt, error);
        if (error == Libc.EConnRefused)
        {
            reusable = descriptor;
            return true;
        }

        if (error == 0)
        {
            Examine(descriptor, attempt);
        }

        _ = Libc.Close(descriptor);
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
            if (!_epoll.TakeWake(descriptor) && _pending.TryGetValue(descriptor, out var attempt) && Conclude(descriptor, attempt, now))
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

    private int Connect(int descriptor, ProbeAttempt attempt)
    {
        var address = stackalloc byte[LongestAddress];
        var length = WriteAddress(attempt, address);
        attempt.Start();
        if (Libc.Connect(descriptor, address, length) != 0)
        {
            var error = Marshal.GetLastWin32Error();
            if (error != Libc.EInProgress)
            {
                return error;
            }

            // The socket forgets its source when the refusal is read.
            SetSource(descriptor, attempt);

            // An address of this machine has answered already, and a second connect(2) returns the result without a wait.
            if (Libc.Connect(descriptor, address, length) != 0)
            {
                return Marshal.GetLastWin32Error();
            }
        }
        else
        {
            SetSource(descriptor, attempt);
        }

        return 0;
    }

    private int SendDatagram(int descriptor, ProbeAttempt attempt)
    {
        var address = stackalloc byte[LongestAddress];
        if (Libc.Connect(descriptor, address, WriteAddress(attempt, address)) != 0)
        {
            return Marshal.GetLastWin32Error();
        }

        SetSource(descriptor, attempt);
        var request = RequestFor(attempt.Port);
        attempt.Start();
        fixed (byte* bytes = request)
        {
            if (Libc.Send(descriptor, bytes, request.Length, 0) < 0)
            {
                return Marshal.GetLastWin32Error();
            }
        }

        return Receive(descriptor);
    }

    private static int Receive(int descriptor)
    {
        byte answer;
        return Libc.Receive(descriptor, &answer, 1, 0) >= 0 ? 0 : Marshal.GetLastWin32Error();
    }

    private void SetSource(int descriptor, ProbeAttempt attempt)
    {
        if (!_sources.TryGet(attempt.Address, out var source))
        {
            var local = stackalloc byte[LongestAddress];
            var length = LongestAddress;
            source = Libc.GetSocketName(descriptor, local, &length) == 0 ? ReadAddress(local) : null;
            _sources.Set(attempt.Address, source);
        }

        attempt.Source = source;
    }

    /// <summary>Takes a connection's round-trip time, and finds a socket that connected to itself, where nothing listens.</summary>
    private void Examine(int descriptor, ProbeAttempt attempt)
    {
        if (!_isTcp)
        {
            return;
        }

        attempt.HandshakeMilliseconds = TcpRoundTrip.OfDescriptor(descriptor);
        var address = stackalloc byte[LongestAddress];
        if (IsSelfConnected(descriptor, address, WriteAddress(attempt, address)))
        {
            attempt.EndAt(attempt.EndedAt, SelfConnected);
        }
    }

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
            error = Receive(descriptor);
            if (error == Libc.EAgain)
            {
                // A datagram with a bad checksum wakes the socket and is dropped.
                return false;
            }
        }

        attempt.EndAt(now, LinuxErrors.ToSocketError(error), error);
        if (error == 0)
        {
            Examine(descriptor, attempt);
        }

        return true;
    }

    private static bool IsSelfConnected(int descriptor, byte* remote, int length)
    {
        var local = stackalloc byte[LongestAddress];
        var localLength = LongestAddress;
        if (Libc.GetSocketName(descriptor, local, &localLength) != 0)
        {
            return false;
        }

        // Family, port and, of IPv4, the address come first; of IPv6, the flow label stands between.
        if (*(int*)local != *(int*)remote)
        {
            return false;
        }

        var (start, end) = length == LongestAddress ? (8, 24) : (4, 8);
        for (var i = start; i < end; i++)
        {
            if (local[i] != remote[i])
            {
                return false;
            }
        }

        return true;
    }

    // struct sockaddr_in and sockaddr_in6: the family in the processor's order, all else in the network's.
    private static int WriteAddress(ProbeAttempt attempt, byte* address)
    {
        var isInet6 = attempt.Address.AddressFamily == AddressFamily.InterNetworkV6;
        var length = isInet6 ? LongestAddress : 16;
        for (var i = 0; i < length; i++)
        {
            address[i] = 0;
        }

        *(ushort*)address = (ushort)(isInet6 ? Libc.FamilyInet6 : Libc.FamilyInet);
        address[2] = (byte)(attempt.Port >> 8);
        address[3] = (byte)attempt.Port;
        var bytes = attempt.Address.GetAddressBytes();
        Marshal.Copy(bytes, 0, (IntPtr)(address + (isInet6 ? 8 : 4)), bytes.Length);
        if (isInet6)
        {
            *(uint*)(address + 24) = (uint)attempt.Address.ScopeId;
        }

        return length;
    }

    private static IPAddress? ReadAddress(byte* address)
    {
        var isInet6 = *(ushort*)address == Libc.FamilyInet6;
        var bytes = new byte[isInet6 ? 16 : 4];
        Marshal.Copy((IntPtr)(address + (isInet6 ? 8 : 4)), bytes, 0, bytes.Length);
        return Array.TrueForAll(bytes, static one => one == 0) ? null
            : isInet6 ? new IPAddress(bytes, *(uint*)(address + 24))
            : new IPAddress(bytes);
    }

    private static SocketToolsException Failed(Win32Exception exception)
    {
        const string What = "epoll";
        return SocketErrors.IsExhausted(LinuxErrors.ToSocketError(exception.NativeErrorCode))
            ? SocketErrors.Exhausted(What, exception)
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
        _ = Libc.Close(descriptor);
    }
}
