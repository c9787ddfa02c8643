using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>The round-trip time of a TCP connection as the system's own stack measured it: right after the connect, that of the handshake.</summary>
internal static class TcpRoundTrip
{
    // tcpi_rtt of struct tcp_info (linux/tcp.h), in microseconds.
    private const int LinuxOffset = 68;

    // RttUs of TCP_INFO_v0 (mstcpip.h), in microseconds.
    private const int WindowsInfo = unchecked((int)0xD8000027);
    private const int WindowsOffset = 20;
    private const int WindowsLength = 88;

    private static readonly byte[] WindowsVersion = new byte[sizeof(int)];

    /// <summary>The time of a connected socket, in milliseconds; null where the system does not report it.</summary>
    public static double? Of(Socket socket)
    {
        if (socket.ProtocolType != ProtocolType.Tcp)
        {
            return null;
        }

        try
        {
            return HostSystem.IsWindows ? OnWindows(socket)
                : HostSystem.IsLinux ? OfDescriptor(socket.Handle.ToInt32())
                : OnMac(socket);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Windows before 10 does not have it, and a peer may have reset the connection since.
            return null;
        }
    }

    /// <summary>The time of a connected socket of Linux, in milliseconds; null where it has none.</summary>
    public static unsafe double? OfDescriptor(int descriptor)
    {
        var length = LinuxOffset + sizeof(int);
        var info = stackalloc byte[length];
        return Libc.GetSocketOption(descriptor, Libc.SolTcp, Libc.TcpInfo, (int*)info, &length) == 0 && length == LinuxOffset + sizeof(int)
            ? FromMicroseconds(*(uint*)(info + LinuxOffset))
            : null;
    }

    private static double? OnWindows(Socket socket)
    {
        var info = new byte[WindowsLength];
        return socket.IOControl(WindowsInfo, WindowsVersion, info) >= WindowsOffset + sizeof(int)
            ? FromMicroseconds(BitConverter.ToUInt32(info, WindowsOffset))
            : null;
    }

    private static double? OnMac(Socket socket)
    {
#if NET
        // TCP_CONNECTION_INFO and its tcpi_rttcur (netinet/tcp.h).
        const int Info = 0x106;
        const int Offset = 40;
        const int MinExact = 10;
        Span<byte> info = stackalloc byte[112];
        var length = socket.GetRawSocketOption(Libc.SolTcp, Info, info);
        var milliseconds = length >= Offset + sizeof(int) ? BitConverter.ToUInt32(info[Offset..]) : 0;

        // It counts whole milliseconds, so that for a near machine our own clock is the better one.
        return milliseconds >= MinExact ? milliseconds : null;
#else
        return null;
#endif
    }

    private static double? FromMicroseconds(uint microseconds) => microseconds > 0 ? microseconds / 1000.0 : null;
}
