using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace PSSocketTools.Net;

/// <summary>How a listening socket is set and bound, and when its port is taken: the one rule of servers and of port tests.</summary>
/// <remarks>
/// Linux refuses an address beside somebody's wildcard. Windows does so only where the wildcard was bound exclusively ("Using
/// SO_REUSEADDR and SO_EXCLUSIVEADDRUSE"), and macOS not with SO_REUSEADDR, which .NET sets on every stream socket it binds: there a
/// server on a loopback address would silently take the clients of whoever listens on all. So where the system may allow it, its
/// table of sockets is asked first. The rule is tested with tables alone: that the tables of Windows and macOS show such a
/// holder, and that nobody comes between the look and the bind, is unproven.
/// </remarks>
internal static class ListenerSetup
{
    private static readonly bool IsWindows = Environment.OSVersion.Platform == PlatformID.Win32NT;

    /// <summary>Whether a bind failed because somebody has the port, or, with AccessDenied, perhaps: Windows says so too of an
    /// address whose port a wildcard has exclusively, or somebody else's does.</summary>
    public static bool MayBeTaken(SocketError error) =>
        error == SocketError.AddressAlreadyInUse || (error == SocketError.AccessDenied && IsWindows);

    /// <summary>Whether a bind failed because somebody has the port, after a look at who has: AccessDenied without a holder is the system's own.</summary>
    public static bool IsTaken(SocketError error, PortHolder holder) =>
        error == SocketError.AddressAlreadyInUse || (MayBeTaken(error) && holder.Address is not null);

    /// <summary>Sets the socket as a server's and binds it.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="endPoint">What to bind it to.</param>
    /// <param name="readTable">Reads the system's sockets of its protocol, where that is needed.</param>
    /// <exception cref="SocketException">It can't be had; AddressAlreadyInUse where the port is taken, in the words of any system.</exception>
    public static void Bind(Socket socket, IPEndPoint endPoint, Func<SocketTable> readTable) =>
        Bind(socket, endPoint, readTable, LinuxSocketTable.IsSupported);

    /// <summary>The same, told whether the system itself refuses an address beside a wildcard, and a wildcard beside an address.</summary>
    public static void Bind(Socket socket, IPEndPoint endPoint, Func<SocketTable> readTable, bool systemRefuses)
    {
        Prepare(socket);
        if (!systemRefuses && endPoint.Port != 0 && IsShared(readTable().Entries, endPoint))
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }

        socket.Bind(endPoint);
    }

    /// <summary>
    /// Whether somebody has the endpoint, or would share its clients: a socket that waits for clients or datagrams on the same
    /// port of the same family, where one of the two addresses is the wildcard.
    /// </summary>
    /// <remarks>What holds both families has an entry in the table of each, or is the bind's to refuse.</remarks>
    public static bool IsShared(IEnumerable<SocketEntry> entries, IPEndPoint endPoint) => entries.Any(entry =>
        entry.LocalPort == endPoint.Port
        && (entry.State is TcpState.Listen or TcpState.Unknown)
        && entry.LocalAddress.AddressFamily == endPoint.AddressFamily
        && (IsWildcard(entry.LocalAddress) || IsWildcard(endPoint.Address) || entry.LocalAddress.Equals(endPoint.Address)));

    private static bool IsWildcard(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static void Prepare(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
        {
            // Each family has a socket of its own, so that one can be had without the other.
            socket.DualMode = false;
        }

        if (IsWindows)
        {
            // Else another process could bind the same port and take the clients; elsewhere that takes two to agree.
            socket.ExclusiveAddressUse = true;
        }
    }
}
