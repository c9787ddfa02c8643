using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PSSocketTools.Platform;

/// <summary>
/// Sends datagrams from a chosen address of this machine over a socket that is bound to all of them (ip(7), IP_PKTINFO;
/// RFC 3542, section 6.2). .NET reports the address that a datagram was sent to, but can't send from it.
/// </summary>
internal static unsafe class PacketInfoSender
{
    // A header on 64 bits, an IPv6 address and the number of an interface, rounded up.
    private const int MaxControlBytes = 48;

    // IP_PKTINFO and IPV6_PKTINFO (ws2ipdef.h).
    private const int PacketInfoWindows = 19;

    private static readonly Kind Here =
        HostSystem.IsLinux ? Kind.Linux
        : HostSystem.IsMac ? Kind.Mac
        : HostSystem.IsWindows ? Kind.Windows
        : Kind.Other;

    private enum Kind
    {
        Other,
        Linux,
        Mac,
        Windows,
    }

    /// <summary>Whether the source of a datagram can be chosen on this system.</summary>
    public static bool IsSupported => Here != Kind.Other;

    /// <summary>An endpoint as the system's calls take it (struct sockaddr).</summary>
    public static byte[] ToNative(IPEndPoint endPoint)
    {
        var address = endPoint.Serialize();
        var bytes = new byte[address.Size];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = address[i];
        }

        return bytes;
    }

    /// <summary>Sends a datagram without blocking.</summary>
    /// <param name="socket">A socket that stays open during the call.</param>
    /// <param name="buffer">The datagram, from the start.</param>
    /// <param name="count">Its bytes, 0 or more.</param>
    /// <param name="remote">The destination, from <see cref="ToNative"/>.</param>
    /// <param name="source">The source address, as it was received with a datagram.</param>
    /// <returns>
    /// Success; WouldBlock when there is no room; SocketError for everything else, such as a source that can send nothing
    /// because it is a broadcast address.
    /// </returns>
    public static SocketError TrySend(Socket socket, byte[] buffer, int count, byte[] remote, in PacketInfo source)
    {
        var control = stackalloc byte[MaxControlBytes];
        for (var i = 0; i < MaxControlBytes; i++)
        {
            control[i] = 0;
        }

        var controlLength = WriteControl(control, source);

        fixed (byte* bytes = buffer, name = remote)
        {
            return Here == Kind.Windows
                ? SendOnWindows(socket, bytes, count, name, remote.Length, control, controlLength)
                : SendOnUnix(socket, bytes, count, name, remote.Length, control, controlLength);
        }
    }

    /// <summary>Writes the control message that names a source: a header (struct cmsghdr), and an in_pktinfo or in6_pktinfo.</summary>
    /// <returns>Its length.</returns>
    private static int WriteControl(byte* control, in PacketInfo source)
    {
        var address = source.Address!.GetAddressBytes();
        var isIPv6 = address.Length == 16;

        // The header's length field is a size_t, but for macOS; what follows is aligned as it is.
        var lengthSize = Here == Kind.Mac ? sizeof(uint) : sizeof(nint);
        var header = lengthSize + (2 * sizeof(int));
        var type = Here switch
        {
            Kind.Linux => isIPv6 ? Libc.IPv6PacketInfo : Libc.IPPacketInfo,
            Kind.Mac => isIPv6 ? Libc.IPv6PacketInfoMac : Libc.IPPacketInfoMac,
            _ => PacketInfoWindows,
        };

        // Only a link-local address needs an interface: the routing table decides for all others.
        var index = source.Address.IsIPv6LinkLocal ? source.Interface : 0;
        var data = control + header;
        int dataLength;
        if (isIPv6 || Here == Kind.Windows)
        {
            Marshal.Copy(address, 0, (IntPtr)data, address.Length);
            *(int*)(data + address.Length) = index;
            dataLength = address.Length + sizeof(int);
        }
        else
        {
            // The interface, the source of what is sent, and the destination of what was received.
            *(int*)data = index;
            Marshal.Copy(address, 0, (IntPtr)(data + sizeof(int)), address.Length);
            dataLength = sizeof(int) + (2 * address.Length);
        }

        var length = header + dataLength;
        if (lengthSize == sizeof(uint))
        {
            *(uint*)control = (uint)length;
        }
        else
        {
            *(nint*)control = length;
        }

        *(int*)(control + lengthSize) = isIPv6 ? Libc.SolIPv6 : Libc.SolIP;
        *(int*)(control + lengthSize + sizeof(int)) = type;

        // The space it takes (CMSG_SPACE), which is aligned.
        return (length + lengthSize - 1) & ~(lengthSize - 1);
    }

    private static SocketError SendOnUnix(Socket socket, byte* bytes, int count, byte* name, int nameLength, byte* control, int controlLength)
    {
        var vector = new Libc.Vector { Bytes = bytes, Count = count };
        var message = new Libc.MessageHeader
        {
            Name = name,
            NameLength = (uint)nameLength,
            Vectors = &vector,
            VectorCount = 1,
            Control = control,
            ControlLength = controlLength,
        };
        var isMac = Here == Kind.Mac;
        var descriptor = (int)socket.Handle;
        while (Libc.SendMessage(descriptor, &message, isMac ? Libc.MessageDontWaitMac : Libc.MessageDontWait) < 0)
        {
            var error = Marshal.GetLastWin32Error();
            if (error != Libc.EIntr)
            {
                return error == (isMac ? Libc.EWouldBlockMac : Libc.EAgain) ? SocketError.WouldBlock : SocketError.SocketError;
            }
        }

        return SocketError.Success;
    }

    private static SocketError SendOnWindows(Socket socket, byte* bytes, int count, byte* name, int nameLength, byte* control, int controlLength)
    {
        var vector = new WindowsVector { Count = (uint)count, Bytes = bytes };
        var message = new WindowsMessage
        {
            Name = name,
            NameLength = nameLength,
            Vectors = &vector,
            VectorCount = 1,
            Control = new WindowsVector { Count = (uint)controlLength, Bytes = control },
        };
        uint sent;
        if (WindowsSend(socket.Handle, &message, 0, &sent, IntPtr.Zero, IntPtr.Zero) == 0)
        {
            return SocketError.Success;
        }

        return Marshal.GetLastWin32Error() == (int)SocketError.WouldBlock ? SocketError.WouldBlock : SocketError.SocketError;
    }

    [DllImport("ws2_32", EntryPoint = "WSASendMsg", SetLastError = true)]
    private static extern int WindowsSend(IntPtr socket, WindowsMessage* message, uint flags, uint* sent, IntPtr overlapped, IntPtr completion);

    // WSABUF and WSAMSG.
    private struct WindowsVector
    {
        public uint Count;
        public byte* Bytes;
    }

    private struct WindowsMessage
    {
        public byte* Name;
        public int NameLength;
        public WindowsVector* Vectors;
        public uint VectorCount;
        public WindowsVector Control;
        public uint Flags;
    }
}
