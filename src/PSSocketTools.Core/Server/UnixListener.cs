using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server;

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

        // Held until it listens: a server that is bound and does not listen yet looks like a dead one to the next.
        using var alone = FolderLock.Of(path);
        Socket? socket = null;
        UnixListener? listener = null;
        try
        {
            RemoveStale(path, endPoint, tellsFiles);
            socket = DescriptorReserve.ForServer(() => UnixBinding.Bind(endPoint, leavesFile: tellsFiles));
            listener = new UnixListener(path, socket, tellsFiles ? FileIdentity.Of(path) : null);

            // Between bind and listen nobody can connect, so nobody can before the file is closed to others.
            FilePermissions.CloseToOthers(path);
            socket.Listen(backlog);
            return listener;
        }
        catch (Exception exception)
        {
            // Report the original error even if deleting the socket's file fails too.
            _ = listener?.RemoveOwn();
            socket?.Dispose();
            switch (exception)
            {
                case SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }:
                    throw Taken("SocketPathInUse", path, exception);
                case SocketException refusal:
                    throw SocketErrors.ListeningAtPath(refusal, path);
                case IOException or UnauthorizedAccessException:
                    // Who may use the file could not be said: somebody removed it, or the file system has no such rights.
                    throw new SocketToolsException(
                        SocketToolsError.SocketFailed, Messages.Get("SocketFailed", path, exception.Message.TrimEnd('.')), path, exception);
                default:
                    throw;
            }
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
        // Without the lock another server could take the path between the look at the file and its removal.
        using var alone = FolderLock.Of(_path);
        return RemoveOwn();
    }

    /// <summary>Removes the file while the folder's lock is held.</summary>
    private Exception? RemoveOwn()
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

    /// <summary>Removes a socket nobody listens on; anything else at the path is refused and stays.</summary>
    private static void RemoveStale(string path, EndPoint endPoint, bool tellsFiles)
    {
        switch (SocketFiles.At(path, tellsFiles))
        {
            case SocketFile.None:
                return;
            case SocketFile.NoSocket:
                throw Taken("SocketPathTaken", path);
            case SocketFile.NotKnown:
                throw Taken("SocketPathNotKnown", path);
        }

        // A connect that blocks would wait for room in the queue of a server that accepts nobody for now.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException exception)
        {
            switch (exception.SocketErrorCode)
            {
                case SocketError.ConnectionRefused:
                    Remove(path);
                    return;
                case SocketError.AddressNotAvailable:
                    // ENOENT: whoever had it has removed it meanwhile.
                    return;
                case SocketError.NotSocket:
                    throw Taken("SocketPathTaken", path, exception);
                case SocketError.AccessDenied:
                    throw Denied(path, exception);
                default:
                    throw Taken("SocketPathInUse", path, exception);
            }
        }

        throw Taken("SocketPathInUse", path);
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Denied(path, exception);
        }
    }

    private static SocketToolsException Denied(string path, Exception inner) =>
        new(SocketToolsError.PortAccessDenied, Messages.Get("SocketPathDenied", path), path, inner);

    private static SocketToolsException Taken(string sentence, string path, Exception? inner = null) =>
        new(SocketToolsError.PortInUse, Messages.Get(sentence, path), path, inner);
}
