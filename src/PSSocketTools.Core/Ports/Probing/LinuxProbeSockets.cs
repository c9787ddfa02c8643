using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>The sockets of attempts, by Linux system calls that do not block. A result is the system's error number, 0 for success.</summary>
internal sealed unsafe class LinuxProbeSockets(ProbeSetup setup)
{
    private readonly bool _isTcp = setup.Protocol == SocketProtocol.Tcp;
    private readonly SourceAddresses _sources = new();

    /// <summary>Opens a socket, bound to the source address if one was asked for.</summary>
    /// <returns>The descriptor, or the system's error as a negative number.</returns>
    public int Open(int family)
    {
        var type = _isTcp ? Libc.SockStream : Libc.SockDatagram;
        var descriptor = Libc.Socket(family, type | Libc.SockNonBlockingCloseOnExec, 0);
        if (descriptor < 0)
        {
            return -Marshal.GetLastWin32Error();
        }

        LinuxErrorQueue.Enable(descriptor, family);
        if (setup.Source is not { } source)
        {
            return descriptor;
        }

        if (_isTcp)
        {
            // The port is chosen with the connect, so that as many can be pending as there are pairs of endpoints, and not as there are ports.
            var isOn = 1;
            _ = Libc.SetSocketOption(descriptor, Libc.SolIP, Libc.IPBindAddressNoPort, &isOn, sizeof(int));
        }

        var address = stackalloc byte[LinuxAddress.MaxBytes];
        if (Libc.Bind(descriptor, address, LinuxAddress.Write(source, 0, address)) == 0)
        {
            return descriptor;
        }

        var error = Marshal.GetLastWin32Error();
        _ = Libc.Close(descriptor);
        return -error;
    }

    /// <summary>Begins an attempt: connects, or over UDP sends a request.</summary>
    /// <returns>0 for a connection or a response; EINPROGRESS, EALREADY or EAGAIN while the attempt is pending.</returns>
    public int Begin(int descriptor, ProbeAttempt attempt) => _isTcp ? Connect(descriptor, attempt) : SendDatagram(descriptor, attempt);

    /// <summary>The result of a pending attempt whose socket is ready; over UDP EAGAIN while it goes on.</summary>
    public int ResultOf(int descriptor, ProbeAttempt attempt)
    {
        if (!_isTcp)
        {
            // A datagram with a bad checksum wakes the socket and is dropped: EAGAIN.
            return ReceiveDatagram(descriptor, attempt);
        }

        int error;
        var size = sizeof(int);
        return Libc.GetSocketOption(descriptor, Libc.SolSocket, Libc.SoError, &error, &size) == 0 ? error : Marshal.GetLastWin32Error();
    }

    public static bool Send(int descriptor, byte[] request)
    {
        fixed (byte* bytes = request)
        {
            return Libc.Send(descriptor, bytes, request.Length, Libc.MessageNoSignal) >= 0;
        }
    }

    /// <summary>Receives into a check's buffer, behind what it has received.</summary>
    /// <returns>The count, 0 for the end of the connection, or -1 with the system's last error set.</returns>
    public static int Receive(int descriptor, ProbeCheck check)
    {
        fixed (byte* buffer = check.Buffer)
        {
            return (int)Libc.Receive(descriptor, buffer + check.Count, check.Buffer.Length - check.Count, 0);
        }
    }

    /// <summary>Whether a socket has connected to itself: see <see cref="Net.SelfConnection"/>.</summary>
    public static bool IsSelfConnection(int descriptor, ProbeAttempt attempt)
    {
        var remote = stackalloc byte[LinuxAddress.MaxBytes];
        var local = stackalloc byte[LinuxAddress.MaxBytes];
        var length = LinuxAddress.MaxBytes;
        LinuxAddress.Write(attempt.Address, attempt.Port, remote);
        return Libc.GetSocketName(descriptor, local, &length) == 0 && LinuxAddress.AreSame(local, remote);
    }

    /// <summary>Reads the ICMP message that ended an attempt.</summary>
    public static void SetIcmp(int descriptor, ProbeAttempt attempt)
    {
        // Nobody but this machine refuses on loopback, and a scan of its closed ports is spared the call.
        if (!IPAddress.IsLoopback(attempt.Address))
        {
            attempt.Icmp = LinuxErrorQueue.Take(descriptor);
        }
    }

    public void Close(int descriptor, ProbeAttempt attempt)
    {
        if (setup.ResetsConnections && _isTcp && attempt.Error == SocketError.Success)
        {
            UnixDescriptor.SetResetOnClose(descriptor);
        }

        _ = Libc.Close(descriptor);
    }

    private int Connect(int descriptor, ProbeAttempt attempt)
    {
        var address = stackalloc byte[LinuxAddress.MaxBytes];
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
        var address = stackalloc byte[LinuxAddress.MaxBytes];
        if (Libc.Connect(descriptor, address, LinuxAddress.Write(attempt.Address, attempt.Port, address)) != 0)
        {
            return Marshal.GetLastWin32Error();
        }

        // To look up the source is no part of the latency.
        attempt.Start();
        SetSource(descriptor, attempt);
        attempt.Start();
        return Send(descriptor, attempt.Check?.Request ?? ProbeTransport.RequestFor(attempt.Port))
            ? ReceiveDatagram(descriptor, attempt)
            : Marshal.GetLastWin32Error();
    }

    private static int ReceiveDatagram(int descriptor, ProbeAttempt attempt)
    {
        if (attempt.Check is not { } check)
        {
            byte first;
            return Libc.Receive(descriptor, &first, 1, 0) >= 0 ? 0 : Marshal.GetLastWin32Error();
        }

        var count = Receive(descriptor, check);
        if (count < 0)
        {
            return Marshal.GetLastWin32Error();
        }

        check.Received(count);
        return 0;
    }

    private void SetSource(int descriptor, ProbeAttempt attempt)
    {
        if (!_sources.TryGet(attempt.Address, attempt.StartedAt, out var source))
        {
            var local = stackalloc byte[LinuxAddress.MaxBytes];
            var length = LinuxAddress.MaxBytes;
            source = Libc.GetSocketName(descriptor, local, &length) == 0 ? LinuxAddress.Read(local) : null;
            _sources.Set(attempt.Address, attempt.StartedAt, source);
        }

        attempt.Source = source;
    }
}
