using System.Net.Sockets;

namespace PSSocketTools.Server.Transport;

/// <summary>Helpers of the channels over .NET's sockets.</summary>
internal static class SocketState
{
    /// <summary>
    /// The size of a send that has to wait: small, since it completes only when all of it was sent, and each completion shows that a
    /// slow client reads. A TLS record holds no more (RFC 8446, section 5.1).
    /// </summary>
    public const int MaxPendingSend = 16 * 1024;

    /// <summary>Whether the connection of a socket without a pending send was reset: then sending zero bytes fails.</summary>
    public static bool IsReset(Socket socket)
    {
        try
        {
            // The send could block when the socket is not writable; a socket that was reset is always writable.
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

    /// <summary>Shuts down the output (FIN); returns an error when the connection is lost.</summary>
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
