using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>Opens sockets for sessions, and reserves the last descriptors for the process: without any, the program that hosts the engine fails.</summary>
internal static class ClientSocket
{
    private static readonly object Gate = new();

    /// <summary>Opens a socket, bound to the source address and port of a session.</summary>
    /// <exception cref="SocketException">TooManyOpenSockets: no descriptor is left outside of the reserve; or the source address or port is not available.</exception>
    public static Socket Open(AddressFamily family, SocketType type, ProtocolType protocol, SourceBinding? source = null)
    {
        // One thread opens at a time, so that at most one descriptor of the reserve is used while it is checked.
        lock (Gate)
        {
            var socket = new Socket(family, type, protocol);
            var reserve = new DescriptorReserve();
            reserve.Opened(socket.Handle);
            try
            {
                if (!reserve.HasRoom())
                {
                    throw new SocketException((int)SocketError.TooManyOpenSockets);
                }

                source?.Bind(socket);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }
}
