namespace PSSocketTools.Framing;

/// <summary>How a message ended on the wire; a response ends the same way.</summary>
internal enum Terminator : byte
{
    None,
    LineFeed,
    CarriageReturnLineFeed,
    LengthPrefix,
    Delimiter,
}
