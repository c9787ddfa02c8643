using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>Opens sockets for sessions, and reserves the last descriptors for the process: without any, PowerShell itself fails.</summary>
internal static class ClientSocket
{
    private static readonly object Gate = new();

    /// <exception cref="SocketException">TooManyOpenSockets: no descriptor is left outside of the reserve.</exception>
    public static Socket Open(AddressFamily family, SocketType type, ProtocolType protocol)
    {
        // Serialized, so that at most one descriptor of the reserve is used while it is checked.
        lock (Gate)
        {
            var socket = new Socket(family, type, protocol);
            var reserve = new DescriptorReserve();
            reserve.Accepted(socket.Handle);
            if (reserve.HasRoom())
            {
                return socket;
            }

            socket.Dispose();
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
    }
}
