using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PSSocketTools.Platform;

/// <summary>Addresses as Linux's system calls take them, struct sockaddr_in and sockaddr_in6: the family in the processor's order, all else in the network's.</summary>
internal static unsafe class LinuxAddress
{
    /// <summary>The size of the longest in bytes, that of IPv6.</summary>
    public const int MaxBytes = 28;

    private const int MinBytes = 16;

    /// <summary>Writes an address and a port, and gives the length.</summary>
    public static int Write(IPAddress source, int port, byte* address)
    {
        var isInet6 = source.AddressFamily == AddressFamily.InterNetworkV6;
        var length = isInet6 ? MaxBytes : MinBytes;
        for (var i = 0; i < length; i++)
        {
            address[i] = 0;
        }

        *(ushort*)address = (ushort)(isInet6 ? Libc.FamilyInet6 : Libc.FamilyInet);
        address[2] = (byte)(port >> 8);
        address[3] = (byte)port;
        var bytes = source.GetAddressBytes();
        Marshal.Copy(bytes, 0, (IntPtr)(address + (isInet6 ? 8 : 4)), bytes.Length);
        if (isInet6)
        {
            *(uint*)(address + 24) = (uint)source.ScopeId;
        }

        return length;
    }

    /// <summary>Reads an address; null for the wildcard.</summary>
    public static IPAddress? Read(byte* address)
    {
        var isInet6 = *(ushort*)address == Libc.FamilyInet6;
        var bytes = new byte[isInet6 ? 16 : 4];
        Marshal.Copy((IntPtr)(address + (isInet6 ? 8 : 4)), bytes, 0, bytes.Length);
        return Array.TrueForAll(bytes, static one => one == 0) ? null
            : isInet6 ? new IPAddress(bytes, *(uint*)(address + 24))
            : new IPAddress(bytes);
    }

    /// <summary>Reads an address and a port; null for what is neither IPv4 nor IPv6.</summary>
    public static IPEndPoint? ReadEndPoint(byte* address, int length)
    {
        var family = length < MinBytes ? 0 : *(ushort*)address;
        var isInet6 = family == Libc.FamilyInet6 && length >= MaxBytes;
        if (family != Libc.FamilyInet && !isInet6)
        {
            return null;
        }

        var port = (address[2] << 8) | address[3];
        return new IPEndPoint(Read(address) ?? (isInet6 ? IPAddress.IPv6Any : IPAddress.Any), port);
    }

    /// <summary>Whether two have the same address and port.</summary>
    public static bool AreSame(byte* one, byte* other)
    {
        // Family, port and, of IPv4, the address come first; of IPv6, the flow label stands between.
        if (*(int*)one != *(int*)other)
        {
            return false;
        }

        var (start, end) = *(ushort*)one == Libc.FamilyInet6 ? (8, 24) : (4, 8);
        for (var i = start; i < end; i++)
        {
            if (one[i] != other[i])
            {
                return false;
            }
        }

        return true;
    }
}
