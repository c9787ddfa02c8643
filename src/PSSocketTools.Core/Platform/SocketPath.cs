namespace PSSocketTools.Platform;

/// <summary>Determines what is at the path that a Unix domain socket is to be bound to, as far as the system reports it.</summary>
internal static class SocketPath
{
    /// <summary>What is at a path.</summary>
    internal enum Kind
    {
        Nothing,

        /// <summary>A socket; only a connect shows whether a server listens on it.</summary>
        Socket,

        /// <summary>Anything else: a file, a folder, a symbolic link whatever it points to, a FIFO, a device.</summary>
        Other,

        /// <summary>A file whose kind this system does not report.</summary>
        Unknown,
    }

    /// <summary>What is at a path, without following a symbolic link.</summary>
    /// <param name="path">The path.</param>
    /// <param name="knowsFiles">Whether <see cref="FileIdentity"/> works on this system: its <see cref="FileIdentity.IsKnown"/>, except in tests.</param>
    public static Kind KindOf(string path, bool knowsFiles)
    {
        if (knowsFiles)
        {
            return FileIdentity.Of(path) is not { } file ? Kind.Nothing : file.IsSocket ? Kind.Socket : Kind.Other;
        }

        FileAttributes attributes;
        try
        {
            attributes = File.GetAttributes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Kind.Nothing;
        }

#if NET
        if (OperatingSystem.IsWindows())
        {
            // On Windows a socket is a reparse point without a target.
            return (attributes & (FileAttributes.ReparsePoint | FileAttributes.Directory)) == FileAttributes.ReparsePoint &&
                new FileInfo(path).LinkTarget is null ? Kind.Socket : Kind.Other;
        }

        if ((attributes & (FileAttributes.ReparsePoint | FileAttributes.Directory)) != 0)
        {
            return Kind.Other;
        }

        // On macOS connect(2) fails with ENOTSOCK for a file that is no socket; on Linux with ECONNREFUSED, as for a socket that nobody listens on.
        return OperatingSystem.IsLinux() ? Kind.Unknown : Kind.Socket;
#else
        return Kind.Unknown;
#endif
    }
}
