namespace PSSocketTools.Framing;

/// <summary>What ended a message on the wire; it ends the response too.</summary>
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
