using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace PSSocketTools.Net;

/// <summary>How a listening socket is set and bound, and when its port is taken: the one rule of servers and of port tests.</summary>
/// <remarks>
/// Linux refuses an address beside somebody's wildcard. Windows does so only where the wildcard was bound exclusively ("Using
/// SO_REUSEADDR and SO_EXCLUSIVEADDRUSE"), and macOS not with SO_REUSEADDR, which .NET sets on every stream socket it binds: there a
/// server on a loopback address would silently take the clients of whoever listens on all. So where the system may allow it, its
/// listeners are looked at first. The rule is tested with made-up listeners alone: that Windows and macOS list such a holder, and
/// that nobody comes between the look and the bind, is unproven.
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
    /// <exception cref="SocketException">It can't be had; AddressAlreadyInUse where the port is taken, in the words of any system.</exception>
    public static void Bind(Socket socket, IPEndPoint endPoint) =>
        Bind(socket, endPoint, LinuxSocketTable.IsSupported ? null : ReadListeners);

    /// <summary>The same, where the system itself may allow an address beside a wildcard, or a wildcard beside an address.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="endPoint">What to bind it to.</param>
    /// <param name="readListeners">Reads the endpoints of that kind of socket, listening or bound for datagrams; null where the system refuses by itself.</param>
    public static void Bind(Socket socket, IPEndPoint endPoint, Func<SocketType, IPEndPoint[]>? readListeners)
    {
        Prepare(socket);
        if (readListeners is not null && endPoint.Port != 0 && Array.Exists(readListeners(socket.SocketType), held => IsShared(held, endPoint)))
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }

        socket.Bind(endPoint);
    }

    /// <summary>Whether an endpoint is held already, or would share clients with one that is: the same port of the same family, where
    /// the addresses are the same or one of them is the wildcard.</summary>
    /// <remarks>A socket that holds both families is listed for each, or is the bind's to refuse.</remarks>
    public static bool IsShared(IPEndPoint held, IPEndPoint wanted) =>
        held.Port == wanted.Port
        && held.AddressFamily == wanted.AddressFamily
        && (IsWildcard(held.Address) || IsWildcard(wanted.Address) || held.Address.Equals(wanted.Address));

    private static IPEndPoint[] ReadListeners(SocketType type)
    {
        try
        {
            var properties = IPGlobalProperties.GetIPGlobalProperties();
            return type == SocketType.Dgram ? properties.GetActiveUdpListeners() : properties.GetActiveTcpListeners();
        }
        catch (NetworkInformationException)
        {
            // Where they can't be known, the bind decides alone.
            return [];
        }
    }

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
