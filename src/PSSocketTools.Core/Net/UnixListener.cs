using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Resources;

namespace PSSocketTools.Net;

/// <summary>Opens the Unix domain socket a server listens on: for its owner alone, in place of one that a dead server left.</summary>
internal static class UnixListener
{
    /// <exception cref="SocketToolsException">PortInUse, AddressNotAvailable, PortAccessDenied, NotSupported, InvalidOption and others.</exception>
    public static Socket Listen(string path, int backlog)
    {
        var endPoint = UnixEndPoint.Of(path);
        ReplaceStale(path, endPoint);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(endPoint);

            // Between bind and listen nobody can connect, so nobody can before the file is closed to others.
            FilePermissions.CloseToOthers(path);
            socket.Listen(backlog);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw SocketErrors.Listening(exception, path);
        }
    }

    private static void ReplaceStale(string path, EndPoint endPoint)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused && FilePermissions.IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException exception)
        {
            throw new SocketToolsException(SocketToolsError.PortInUse, Messages.Get("SocketPathTaken", path), path, exception);
        }

        throw new SocketToolsException(SocketToolsError.PortInUse, Messages.Get("SocketPathInUse", path), path);
    }
}
