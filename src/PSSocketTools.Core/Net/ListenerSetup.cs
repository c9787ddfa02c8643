using System.Net.Sockets;

namespace PSSocketTools.Net;

/// <summary>How a listening socket is set before it is bound; a test of a port sets its own the same way.</summary>
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

    public static void Prepare(Socket socket)
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
