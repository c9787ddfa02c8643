using PSSocketTools.Net;

namespace PSSocketTools.Framing;

/// <summary>What a framing puts around a message on its way out, and what it can't carry.</summary>
internal static class FrameWriter
{
    private static readonly byte[] LineFeed = [(byte)'\n'];
    private static readonly byte[] CarriageReturnLineFeed = [(byte)'\r', (byte)'\n'];

    /// <summary>The bytes that end a message; none for a length prefix, which goes before it.</summary>
    public static byte[] Tail(Terminator terminator) => terminator switch
    {
        Terminator.LineFeed => LineFeed,
        Terminator.CarriageReturnLineFeed => CarriageReturnLineFeed,
        _ => [],
    };

    /// <summary>How a client ends its messages under a framing.</summary>
    public static Terminator ClientTerminator(MessageFraming framing) => framing switch
    {
        MessageFraming.Line or MessageFraming.Auto => Terminator.LineFeed,
        MessageFraming.LengthPrefix => Terminator.LengthPrefix,
        _ => Terminator.None,
    };

    /// <summary>The bytes a framing adds to a message.</summary>
    public static int Overhead(Terminator terminator) =>
        terminator == Terminator.LengthPrefix ? FrameReader.PrefixLength : Tail(terminator).Length;

    /// <summary>Writes a message's length, big-endian, where its prefix goes.</summary>
    public static void WritePrefix(byte[] buffer, int offset, int length)
    {
        buffer[offset] = (byte)(length >> 24);
        buffer[offset + 1] = (byte)(length >> 16);
        buffer[offset + 2] = (byte)(length >> 8);
        buffer[offset + 3] = (byte)length;
    }

    /// <summary>Refuses a message that would not arrive as one message.</summary>
    /// <exception cref="SocketToolsException">MessageNotCarried, or MessageTooLarge.</exception>
    public static void Require(MessageFraming framing, byte[] message, int maxMessageBytes) =>
        Require(framing, message, 0, message.Length, maxMessageBytes, message);

    /// <summary>The same for a message within a buffer; the target is what the error is about.</summary>
    /// <exception cref="SocketToolsException">MessageNotCarried, or MessageTooLarge.</exception>
    public static void Require(MessageFraming framing, byte[] buffer, int offset, int count, int maxMessageBytes, object target)
    {
        if (count > maxMessageBytes)
        {
            throw new SocketToolsException(
                SocketToolsError.MessageTooLarge, Messages.Get("MessageTooLargeToSend", count, maxMessageBytes), target);
        }

        if (framing is MessageFraming.Line or MessageFraming.Auto)
        {
            // A lone CR at the end would read as half of a CRLF.
            if (Array.IndexOf(buffer, (byte)'\n', offset, count) >= 0 || (count > 0 && buffer[offset + count - 1] == '\r'))
            {
                throw new SocketToolsException(SocketToolsError.MessageNotCarried, Messages.Get("MessageHasLineEnd"), target);
            }
        }
        else if (count == 0 && framing == MessageFraming.None)
        {
            throw new SocketToolsException(SocketToolsError.MessageNotCarried, Messages.Get("MessageIsEmpty", framing), target);
        }
    }
}
