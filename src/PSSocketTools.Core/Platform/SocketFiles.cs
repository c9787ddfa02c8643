namespace PSSocketTools.Platform;

/// <summary>Determines what is at a path, as far as the system tells.</summary>
internal static class SocketFiles
{
    /// <summary>What is at a path, without following a symbolic link.</summary>
    /// <param name="path">The path.</param>
    /// <param name="tellsFiles">Whether <see cref="FileIdentity"/> works on this system.</param>
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
            // On Windows a socket is a reparse point without a target.
            return (attributes & (FileAttributes.ReparsePoint | FileAttributes.Directory)) == FileAttributes.ReparsePoint &&
                new FileInfo(path).LinkTarget is null ? SocketFile.Socket : SocketFile.NoSocket;
        }

        if ((attributes & (FileAttributes.ReparsePoint | FileAttributes.Directory)) != 0)
        {
            return SocketFile.NoSocket;
        }

        // On macOS connect(2) fails with ENOTSOCK for a file that is no socket; on Linux with ECONNREFUSED, as for a socket that nobody listens on.
        return OperatingSystem.IsLinux() ? SocketFile.NotKnown : SocketFile.Socket;
#else
        return SocketFile.NotKnown;
#endif
    }
}
