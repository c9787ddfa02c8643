namespace PSSocketTools;

/// <summary>The state of a socket that has a port: those of TCP (RFC 9293, section 3.3.2), and Bound of UDP.</summary>
public enum PortHolderState
{
    /// <summary>TCP: it accepts connections.</summary>
    Listen,

    /// <summary>UDP: it receives datagrams from anywhere. Where the system reports it, also TCP that does not listen yet.</summary>
    Bound,

    /// <summary>The connection is open; of UDP, the socket receives from one peer alone.</summary>
    Established,

    /// <summary>This side has requested a connection (SYN).</summary>
    SynSent,

    /// <summary>The peer has requested a connection (SYN).</summary>
    SynReceived,

    /// <summary>This side has closed, and the peer has not acknowledged it.</summary>
    FinWait1,

    /// <summary>This side has closed, and the peer may still send.</summary>
    FinWait2,

    /// <summary>The peer has closed, and this side has not.</summary>
    CloseWait,

    /// <summary>Both sides closed at once, and the peer has not acknowledged it.</summary>
    Closing,

    /// <summary>Both sides have closed, and the peer has not acknowledged the last.</summary>
    LastAck,

    /// <summary>Both sides have closed, and the system keeps the port until no late packet can come.</summary>
    TimeWait,

    /// <summary>There is no connection any more.</summary>
    Closed,

    /// <summary>No socket's own state: asks for sockets in every state.</summary>
    All,
}
