namespace PSSocketTools;

/// <summary>What carries the bytes between two endpoints.</summary>
public enum SocketProtocol
{
    /// <summary>A stream of bytes (RFC 9293).</summary>
    Tcp,

    /// <summary>Datagrams (RFC 768).</summary>
    Udp,

    /// <summary>A stream over a Unix domain socket, named by a path.</summary>
    Unix,
}
