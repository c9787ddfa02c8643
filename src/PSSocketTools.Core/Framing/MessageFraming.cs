namespace PSSocketTools;

/// <summary>Where a message begins and ends in a stream of bytes.</summary>
public enum MessageFraming
{
    /// <summary>A line; or the bytes received when the sender pauses or closes without ending its line.</summary>
    Auto,

    /// <summary>The bytes up to LF or CRLF; at the end of input, the rest.</summary>
    Line,

    /// <summary>A 4-byte big-endian length, then that many bytes.</summary>
    LengthPrefix,

    /// <summary>The bytes up to a <see cref="MessageDelimiter"/>; at the end of input, the rest.</summary>
    Delimiter,

    /// <summary>No boundaries: what one receive returned, or the bytes until a pause.</summary>
    None,
}
