namespace PSSocketTools;

/// <summary>The kind of a <see cref="ConnectStep"/>.</summary>
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

    /// <summary>A connection was established; for UDP, a socket has its two endpoints.</summary>
    Connected,

    /// <summary>The TLS handshake is done.</summary>
    Encrypted,

    /// <summary>The session is open, with its framing and its encoding.</summary>
    Open,
}
