namespace PSSocketTools;

/// <summary>What an echo server does wrong on purpose.</summary>
public enum FaultKind
{
    /// <summary>Waits before it goes on.</summary>
    Delay,

    /// <summary>Sends the response in fragments.</summary>
    Fragment,

    /// <summary>Sends the beginning of the response, and closes the connection (FIN).</summary>
    Truncate,

    /// <summary>Neither sends nor handles anything more, and keeps the connection open.</summary>
    Stall,

    /// <summary>Closes the connection (FIN).</summary>
    Disconnect,

    /// <summary>Resets the connection (RST).</summary>
    Reset,

    /// <summary>Inverts one byte of the response.</summary>
    Corrupt,

    /// <summary>Drops the datagram.</summary>
    Drop,

    /// <summary>Sends the datagram twice.</summary>
    Duplicate,
}
