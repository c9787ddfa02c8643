namespace PSSocketTools;

/// <summary>What a <see cref="ConnectStep"/> tells.</summary>
public enum ConnectStepKind
{
    /// <summary>The name has addresses.</summary>
    Resolved,

    /// <summary>A first attempt on an address began.</summary>
    Trying,

    /// <summary>An attempt ended without a connection.</summary>
    Failed,

    /// <summary>A wait goes on, and why.</summary>
    Waiting,

    /// <summary>An address answered; for UDP, a socket has its ends.</summary>
    Connected,

    /// <summary>The TLS handshake is done.</summary>
    Encrypted,

    /// <summary>The session is open, with its framing and its encoding.</summary>
    Open,
}
