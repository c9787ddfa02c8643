#if NET
namespace PSSocketTools.Platform;

/// <summary>An address and a port as the system reports them, to look something up by them without an object for each.</summary>
/// <param name="Address">The first half of the address.</param>
/// <param name="Rest">The second half; of IPv4 zero.</param>
/// <param name="Port">The family, the port and, of IPv6, the scope.</param>
internal readonly record struct LinuxEndPointKey(ulong Address, ulong Rest, ulong Port)
{
    /// <summary>Reads a struct sockaddr_in or sockaddr_in6.</summary>
    public static unsafe LinuxEndPointKey Read(byte* address) => *(ushort*)address == Libc.FamilyInet6
        ? new LinuxEndPointKey(*(ulong*)(address + 8), *(ulong*)(address + 16), *(uint*)address | ((ulong)*(uint*)(address + 24) << 32))
        : new LinuxEndPointKey(*(uint*)(address + 4), 0, *(uint*)address);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Address, Rest, Port);
}
#endif
