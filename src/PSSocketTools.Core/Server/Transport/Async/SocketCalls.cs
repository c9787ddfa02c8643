using System.Net.Sockets;

namespace PSSocketTools.Server.Transport.Async;

/// <summary>What channels over .NET's sockets ask of them, with errors that are returned.</summary>
internal static class SocketCalls
{
    /// <summary>Whether the connection of a socket without a pending send was reset: then sending zero bytes fails.</summary>
    public static bool WasReset(Socket socket)
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
    public static SocketError ShutDownOutput(Socket socket)
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
