namespace PSSocketTools;

/// <summary>What a port test verifies of a connection, beside that it is accepted.</summary>
public enum PortVerification
{
    /// <summary>Nothing: whoever accepts counts as open.</summary>
    None,

    /// <summary>That it is still open after 200 ms. A proxy whose server is not there accepts and closes at once.</summary>
    Stays,

    /// <summary>That the server sends a byte unsolicited, as servers of SSH, mail and FTP do.</summary>
    Greets,

    /// <summary>That a random line, or datagram, comes back byte for byte (RFC 862).</summary>
    Echoes,
}
