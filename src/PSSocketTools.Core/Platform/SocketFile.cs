namespace PSSocketTools.Platform;

/// <summary>What is at the path where a Unix domain socket is to be.</summary>
internal enum SocketFile
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A socket; whether a server listens on it, only a connect can find out.</summary>
    Socket,

    /// <summary>Anything else: a file, a folder, a symbolic link whatever it points to, a FIFO, a device.</summary>
    NoSocket,

    /// <summary>Something, of a kind that this system does not let be known.</summary>
    NotKnown,
}

/// <summary>Tells what is at a path, by what each system lets be known.</summary>
internal static class SocketFiles
{
    /// <summary>What is at a path, without following a symbolic link.</summary>
    /// <param name="path">The path.</param>
    /// <param name="tellsFiles">Whether to ask <see cref="FileIdentity"/>, which knows.</param>
    public static SocketFile At(string path, bool tellsFiles)
    {
        if (tellsFiles)
        {
            return FileIdentity.Of(path) is not { } file ? SocketFile.None : file.IsSocket ? SocketFile.Socket : SocketFile.NoSocket;
        }

        FileAttributes attributes;
        try
        {
            attributes = File.GetAttributes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return SocketFile.None;
        }

#if NET
        if (OperatingSystem.IsWindows())
        {
            // A socket is a reparse point of its own kind there, and has no target.
            return (attributes & (FileAttributes.ReparsePoint | FileAttributes.Directory)) == FileAttributes.ReparsePoint &&
                new FileInfo(path).LinkTarget is null ? SocketFile.Socket : SocketFile.NoSocket;
        }

        if ((attributes & (FileAttributes.ReparsePoint | FileAttributes.Directory)) != 0)
        {
            return SocketFile.NoSocket;
        }

        // On macOS connect(2) fails with ENOTSOCK at what is none; on Linux with ECONNREFUSED, as at a socket nobody listens on.
        return OperatingSystem.IsLinux() ? SocketFile.NotKnown : SocketFile.Socket;
#else
        return SocketFile.NotKnown;
#endif
    }
}
