using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Resources;

namespace PSSocketTools.Net;

/// <summary>The Unix domain socket a server listens on: for its owner alone, in place of one that a dead server left.</summary>
internal sealed class UnixListener
{
    private readonly string _path;
    private readonly FileIdentity? _file;

    private UnixListener(string path, Socket socket)
    {
        _path = path;
        _file = FileIdentity.Of(path);
        Socket = socket;
    }

    /// <summary>The socket; whoever serves on it closes it.</summary>
    public Socket Socket { get; }

    /// <summary>Listens at a path.</summary>
    /// <exception cref="SocketToolsException">PortInUse, AddressNotAvailable, PortAccessDenied, NotSupported, InvalidOption and others.</exception>
    public static UnixListener Listen(string path, int backlog)
    {
        var endPoint = UnixEndPoint.Of(path);
        UnixListener? bound = null;
        try
        {
            ReplaceStale(path, endPoint);
            bound = new UnixListener(path, UnixBinding.Bind(endPoint));

            // Between bind and listen nobody can connect, so nobody can before the file is closed to others.
            FilePermissions.CloseToOthers(path);
            bound.Socket.Listen(backlog);
            return bound;
        }
        catch (Exception exception)
        {
            bound?.RemoveFile();
            bound?.Socket.Dispose();
            if (exception is SocketException refusal)
            {
                throw SocketErrors.Listening(refusal, path);
            }

            throw;
        }
    }

    /// <summary>
    /// Takes the file away, unless another server has its own at the path by now. To be called before the socket is closed:
    /// while it listens no other server takes its file for one left behind, and no other file gets its number. Where the
    /// system does not tell files apart, .NET takes the file away as it closes the socket.
    /// </summary>
    /// <exception cref="IOException">The file can't be removed, or its folder has gone.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not remove it.</exception>
    public void RemoveFile()
    {
        if (_file is not null && _file == FileIdentity.Of(_path))
        {
            File.Delete(_path);
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
