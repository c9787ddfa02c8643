using System.Net.Sockets;

namespace PSSocketTools.Server.Transport;

/// <summary>What the channels over .NET's sockets ask of one.</summary>
internal static class SocketState
{
    /// <summary>
    /// How much a send that has to wait takes along: little, since it is over only when all of it has gone, and whoever
    /// waits for it is to see that a slow client reads. A TLS record holds no more (RFC 8446, section 5.1).
    /// </summary>
    public const int MostPerWait = 16 * 1024;

    /// <summary>Whether the connection of a socket with no send under way was reset: sending nothing fails where nothing can be sent any more.</summary>
    public static bool IsReset(Socket socket)
    {
        try
        {
            // Without room for a byte it might have to wait; a socket that was reset counts as one that has room.
            if (!socket.Poll(0, SelectMode.SelectWrite))
            {
                return false;
            }

            _ = socket.Send([], 0, 0, SocketFlags.None, out var error);
            return error is not (SocketError.Success or SocketError.WouldBlock);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>Tells the peer that no more comes (FIN); with an error where it is gone.</summary>
    public static SocketError TryEndOutput(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            return SocketError.Success;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode;
        }
        catch (ObjectDisposedException)
        {
            return SocketError.NotSocket;
        }
    }
}
