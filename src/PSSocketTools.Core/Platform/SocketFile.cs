namespace PSSocketTools.Platform;

/// <summary>What is at the path that a Unix domain socket is to be bound to.</summary>
internal enum SocketFile
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A socket; only a connect shows whether a server listens on it.</summary>
    Socket,

    /// <summary>Anything else: a file, a folder, a symbolic link whatever it points to, a FIFO, a device.</summary>
    NoSocket,

    /// <summary>A file whose kind this system does not tell.</summary>
    NotKnown,
}
