using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>Opens sockets for sessions, and leaves the last descriptors to the process: without any, PowerShell itself can't go on.</summary>
internal static class ClientSocket
{
    private static readonly object Gate = new();

    /// <exception cref="SocketException">TooManyOpenSockets: the system has no more to give, or only the last ones.</exception>
    public static Socket Open(AddressFamily family, SocketType type, ProtocolType protocol)
    {
        // One at a time, so that those who find only the last ones hold one of them at most.
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
