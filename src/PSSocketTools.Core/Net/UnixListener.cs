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

    private UnixListener(string path, Socket socket, FileIdentity? file)
    {
        _path = path;
        _file = file;
        Socket = socket;
        if (_file is not null)
        {
            AppDomain.CurrentDomain.ProcessExit += RemoveAtExit;
        }
    }

    /// <summary>The socket; whoever serves on it closes it.</summary>
    public Socket Socket { get; }

    /// <summary>Listens at a path.</summary>
    /// <exception cref="SocketToolsException">PortInUse, AddressNotAvailable, PortAccessDenied, NotSupported, InvalidOption and others.</exception>
    public static UnixListener Listen(string path, int backlog) => Listen(path, backlog, FileIdentity.IsKnown);

    /// <summary>Listens as on a system that tells files apart, or one that does not; for tests that choose.</summary>
    internal static UnixListener Listen(string path, int backlog, bool tellsFiles)
    {
        var endPoint = UnixEndPoint.Of(path);
        Socket? socket = null;
        UnixListener? listener = null;
        try
        {
            ReplaceStale(path, endPoint);
            socket = UnixBinding.Bind(endPoint, leavesFile: tellsFiles);
            listener = new UnixListener(path, socket, tellsFiles ? FileIdentity.Of(path) : null);

            // Between bind and listen nobody can connect, so nobody can before the file is closed to others.
            FilePermissions.CloseToOthers(path);
            socket.Listen(backlog);
            return listener;
        }
        catch (Exception exception)
        {
            // Told is what went wrong first, whatever becomes of the file.
            _ = listener?.RemoveFile();
            socket?.Dispose();
            if (exception is SocketException refusal)
            {
                throw SocketErrors.Listening(refusal, path);
            }

            throw;
        }
    }

    /// <summary>
    /// Takes the file away, unless another server has its own at the path by now. To be called before the socket is closed:
    /// while it listens no other server takes its file for one left behind, and no other file gets its number. Where files
    /// can't be told apart this does nothing: there .NET bound the socket, and deletes what is at the path as it closes it.
    /// </summary>
    /// <returns>Why the file is still there, such as that this user may not remove it; null where it is not, or not its own.</returns>
    public Exception? RemoveFile()
    {
        AppDomain.CurrentDomain.ProcessExit -= RemoveAtExit;
        try
        {
            if (_file is not null && _file == FileIdentity.Of(_path))
            {
                File.Delete(_path);
            }

            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception;
        }
    }

    /// <summary>Where files can be told apart, a process that ends without stopping its servers leaves none all the same.</summary>
    private void RemoveAtExit(object? sender, EventArgs e) => _ = RemoveFile();

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
