using PSSocketTools.Net;

namespace PSSocketTools.Framing;

/// <summary>Frames messages for sending, and rejects what a framing can't carry.</summary>
internal static class FrameWriter
{
    private static readonly byte[] LineFeed = [(byte)'\n'];
    private static readonly byte[] CarriageReturnLineFeed = [(byte)'\r', (byte)'\n'];

    /// <summary>The bytes after a message; none for a length prefix, which precedes it.</summary>
    public static byte[] Tail(Terminator terminator) => terminator switch
    {
        Terminator.LineFeed => LineFeed,
        Terminator.CarriageReturnLineFeed => CarriageReturnLineFeed,
        _ => [],
    };

    /// <summary>The terminator of a client's messages under a framing.</summary>
    public static Terminator ClientTerminator(MessageFraming framing) => framing switch
    {
        MessageFraming.Line or MessageFraming.Auto => Terminator.LineFeed,
        MessageFraming.LengthPrefix => Terminator.LengthPrefix,
        _ => Terminator.None,
    };

    /// <summary>How many bytes a framing adds to a message.</summary>
    public static int Overhead(Terminator terminator) =>
        terminator == Terminator.LengthPrefix ? FrameReader.PrefixLength : Tail(terminator).Length;

    /// <summary>Writes a message's big-endian length prefix.</summary>
    public static void WritePrefix(byte[] buffer, int offset, int length)
    {
        buffer[offset] = (byte)(length >> 24);
        buffer[offset + 1] = (byte)(length >> 16);
        buffer[offset + 2] = (byte)(length >> 8);
        buffer[offset + 3] = (byte)length;
    }

    /// <summary>Throws for a message that would not arrive as one message.</summary>
    /// <exception cref="SocketToolsException">MessageNotCarried, or MessageTooLarge.</exception>
    public static void Require(MessageFraming framing, byte[] message, int maxMessageBytes) =>
        Require(framing, message, 0, message.Length, maxMessageBytes, message);

    /// <summary>Throws for a message within a buffer that would not arrive as one message; the target is that of the error.</summary>
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
            // The peer would take a CR at the end for half of a CRLF.
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
