namespace PSSocketTools.Server.Transport;

/// <summary>A request to a connection from another thread.</summary>
[Flags]
internal enum ConnectionSignal
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Begin the conversation, or the handshake before it.</summary>
    Begin = 1,

    /// <summary>End the conversation once no response is pending.</summary>
    Drain = 2,

    /// <summary>End the connection at once.</summary>
    Abort = 4,

    /// <summary>Check again what the connection waits for.</summary>
    Wake = 8,

    /// <summary>End the conversation at the server's wish, once no response is pending.</summary>
    End = 16,

    /// <summary>Reset the connection at the server's wish.</summary>
    Reset = 32,
}
