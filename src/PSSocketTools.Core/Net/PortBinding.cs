using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>Sets up and binds listening sockets, and decides when a port is in use, for servers and port tests.</summary>
/// <remarks>
/// Linux refuses to bind an address beside another socket's wildcard. Windows does so only if the wildcard was bound exclusively ("Using
/// SO_REUSEADDR and SO_EXCLUSIVEADDRUSE"), and macOS not with SO_REUSEADDR, which .NET sets on every stream socket it binds: there a
/// server on a loopback address would silently get the clients of the server on the wildcard. So where the system may allow it, its
/// listeners are checked before the bind. The tests use made-up listeners only: that Windows and macOS list such a socket, and that
/// no other bind happens between check and bind, is not proven.
/// </remarks>
internal static class PortBinding
{
    /// <summary>Whether a bind failed because the port is in use. AccessDenied only may mean that: Windows reports it too for an
    /// address whose port is bound exclusively on the wildcard, or by another user.</summary>
    public static bool MayBeTaken(SocketError error) =>
        error == SocketError.AddressAlreadyInUse || (error == SocketError.AccessDenied && HostSystem.IsWindows);

    /// <summary>Whether a bind failed because the port is in use, given what prevents it: AccessDenied without a socket in the way is a denial by the system.</summary>
    public static bool IsTaken(SocketError error, BindConflict conflict) =>
        error == SocketError.AddressAlreadyInUse || (MayBeTaken(error) && conflict.Address is not null);

    /// <summary>Sets the options of a server's socket and binds it.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="endPoint">What to bind it to.</param>
    /// <exception cref="SocketException">The bind failed; AddressAlreadyInUse on every system where the port is taken.</exception>
    public static void Bind(Socket socket, IPEndPoint endPoint) =>
        Bind(socket, endPoint, LinuxSocketTable.IsSupported ? null : ReadListeners);

    /// <summary>Binds a server's socket, on a system that may allow an address beside a wildcard, or a wildcard beside an address.</summary>
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

    /// <summary>Whether an endpoint conflicts with one that is in use: the same port and family, and the same address or one wildcard.</summary>
    /// <remarks>A dual-mode socket is listed for each family; where it is not, the bind fails.</remarks>
    public static bool IsShared(IPEndPoint held, IPEndPoint wanted) =>
        held.Port == wanted.Port
        && held.AddressFamily == wanted.AddressFamily
        && (AddressLiteral.IsWildcard(held.Address) || AddressLiteral.IsWildcard(wanted.Address) || held.Address.Equals(wanted.Address));

    /// <summary>The endpoints that sockets listen on, or are bound to for datagrams; none where the system does not list them.</summary>
    public static IPEndPoint[] ReadListeners(SocketType type)
    {
        try
        {
            var properties = IPGlobalProperties.GetIPGlobalProperties();
            return type == SocketType.Dgram ? properties.GetActiveUdpListeners() : properties.GetActiveTcpListeners();
        }
        catch (NetworkInformationException)
        {
            // The bind alone decides then.
            return [];
        }
    }

    private static void Prepare(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
        {
            // Each family has its own socket, so that one can be bound without the other.
            socket.DualMode = false;
        }

        if (HostSystem.IsWindows)
        {
            // Otherwise another process could bind the same port and get the clients; on other systems both sockets would have to allow that.
            socket.ExclusiveAddressUse = true;
        }
    }
}
