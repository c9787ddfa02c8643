using PSSocketTools.Net;

namespace PSSocketTools.Framing;

/// <summary>Frames messages for sending, and rejects what a framing can't carry. It has no state.</summary>
/// <param name="framing">Where messages end.</param>
/// <param name="lineEnding">What ends a line that ends none of the peer's.</param>
/// <param name="delimiter">What ends messages under Delimiter, which needs one.</param>
internal sealed class FrameWriter(MessageFraming framing, LineEnding lineEnding = LineEnding.Lf, MessageDelimiter? delimiter = null)
{
    private static readonly byte[] LineFeed = [(byte)'\n'];
    private static readonly byte[] CarriageReturnLineFeed = [(byte)'\r', (byte)'\n'];

    /// <summary>The terminator of a message that responds to none, as all of a client's do.</summary>
    public Terminator Terminator { get; } = framing switch
    {
        MessageFraming.Line or MessageFraming.Auto =>
            lineEnding == LineEnding.CrLf ? Terminator.CarriageReturnLineFeed : Terminator.LineFeed,
        MessageFraming.LengthPrefix => Terminator.LengthPrefix,
        MessageFraming.Delimiter => Terminator.Delimiter,
        _ => Terminator.None,
    };

    /// <summary>The bytes after a message; none for a length prefix, which precedes it.</summary>
    public byte[] Tail(Terminator terminator) => terminator switch
    {
        Terminator.LineFeed => LineFeed,
        Terminator.CarriageReturnLineFeed => CarriageReturnLineFeed,
        Terminator.Delimiter => delimiter!.Bytes,
        _ => [],
    };

    /// <summary>How many bytes a framing adds to a message.</summary>
    public int Overhead(Terminator terminator) =>
        terminator == Terminator.LengthPrefix ? FrameReader.PrefixLength : Tail(terminator).Length;

    /// <summary>Writes a message's big-endian length prefix.</summary>
    public static void WritePrefix(byte[] buffer, int offset, int length)
    {
        buffer[offset] = (byte)(length >> 24);
        buffer[offset + 1] = (byte)(length >> 16);
        buffer[offset + 2] = (byte)(length >> 8);
        buffer[offset + 3] = (byte)length;
    }

    /// <summary>Throws for a message within a buffer that would not arrive as one message; the target is that of the error.</summary>
    /// <exception cref="SocketToolsException">MessageNotCarried, or MessageTooLarge.</exception>
    public void Require(byte[] buffer, int offset, int count, int maxMessageBytes, object target)
    {
        if (count > maxMessageBytes)
        {
            throw new SocketToolsException(
                SocketToolsError.MessageTooLarge, Messages.Get("MessageTooLargeToSend", count, maxMessageBytes), target);
        }

        switch (framing)
        {
            case MessageFraming.Line or MessageFraming.Auto when Array.IndexOf(buffer, (byte)'\n', offset, count) >= 0:
                throw NotCarried("MessageHasLineEnd", target);

            // The peer would take a CR at the end and the LF that follows for CRLF.
            case MessageFraming.Line or MessageFraming.Auto
                when lineEnding == LineEnding.Lf && count > 0 && buffer[offset + count - 1] == '\r':
                throw NotCarried("MessageEndsInCarriageReturn", target);

            case MessageFraming.Delimiter when delimiter!.Cuts(buffer, offset, count):
                throw NotCarried("MessageHasDelimiter", target, delimiter);

            case MessageFraming.None when count == 0:
                throw NotCarried("MessageIsEmpty", target, framing);
        }
    }

    private static SocketToolsException NotCarried(string sentence, object target, params object?[] values) =>
        new(SocketToolsError.MessageNotCarried, Messages.Get(sentence, values), target);
}
