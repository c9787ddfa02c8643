namespace PSSocketTools.Framing;

/// <summary>What told on the wire where a message ended; a response has the same.</summary>
internal enum Terminator : byte
{
    /// <summary>A pause, the end of the input, or one receive.</summary>
    None,

    LineFeed,

    CarriageReturnLineFeed,

    /// <summary>The length before the message, after which nothing follows.</summary>
    LengthPrefix,

    Delimiter,
}
