using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server;

/// <summary>The Unix domain socket that a server listens on: only its owner may connect, and a stale socket file is replaced.</summary>
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

    /// <summary>The socket; the server's transport closes it.</summary>
    public Socket Socket { get; }

    /// <summary>Listens at a path.</summary>
    /// <exception cref="SocketToolsException">PortInUse, AddressNotAvailable, PortAccessDenied, NotSupported, InvalidOption and others.</exception>
    public static UnixListener Listen(string path, int backlog) => Listen(path, backlog, FileIdentity.IsKnown);

    /// <summary>Listens with or without <see cref="FileIdentity"/>, for tests.</summary>
    internal static UnixListener Listen(string path, int backlog, bool knowsFiles)
    {
        var endPoint = UnixEndPoint.Parse(path);

        // The lock is held until the socket listens: one that is bound but does not listen yet looks stale to another server.
        using var alone = FolderLock.Acquire(path);
        Socket? socket = null;
        UnixListener? listener = null;
        try
        {
            RemoveStale(path, endPoint, knowsFiles);
            socket = DescriptorReserve.ForServer(() => UnixBinding.Bind(endPoint, leavesFile: knowsFiles));
            listener = new UnixListener(path, socket, knowsFiles ? FileIdentity.Of(path) : null);

            // Connections are possible only after listen, so that the permissions are set before.
            UnixBinding.CloseToOthers(path);
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
                    throw SocketErrors.ToListenErrorAtPath(refusal, path);
                case IOException or UnauthorizedAccessException:
                    // The permissions could not be set: the file was removed, or the file system has none.
                    throw new SocketToolsException(
                        SocketToolsError.SocketFailed, Messages.Get("SocketFailed", path, exception.Message.TrimEnd('.')), path, exception);
                default:
                    throw;
            }
        }
    }

    /// <summary>
    /// Removes the socket file, unless the path belongs to another server by now. Call this before the socket is closed: while it
    /// listens, no other server considers its file stale, and no other file gets its inode number. Where the identity of files is not
    /// known this does nothing: there .NET bound the socket, and deletes the file at the path when it closes the socket.
    /// </summary>
    /// <returns>Why the file could not be removed; null when it was, or was not this server's.</returns>
    public Exception? RemoveFile()
    {
        // Without the lock another server could bind the path between the check of the file and its removal.
        using var alone = FolderLock.Acquire(_path);
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

    /// <summary>Removes the file when the process exits without stopping the server.</summary>
    private void RemoveAtExit(object? sender, EventArgs e) => _ = RemoveFile();

    /// <summary>Removes a socket file that no server listens on; anything else at the path is an error and stays.</summary>
    private static void RemoveStale(string path, EndPoint endPoint, bool knowsFiles)
    {
        switch (SocketPath.KindOf(path, knowsFiles))
        {
            case SocketPath.Kind.Nothing:
                return;
            case SocketPath.Kind.Other:
                throw Taken("SocketPathTaken", path);
            case SocketPath.Kind.Unknown:
                throw Taken("SocketPathNotKnown", path);
        }

        // The socket does not block, since connect(2) would while the accept queue of a server is full.
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
                    // ENOENT: its server has removed it meanwhile.
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
