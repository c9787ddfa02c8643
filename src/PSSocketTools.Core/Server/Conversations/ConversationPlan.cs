using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>A server's options, compiled once for its conversations.</summary>
internal sealed class ConversationPlan
{
    private const int MaxExitBytes = 1024;

    public MessageFraming Framing { get; init; }

    /// <summary>What ends messages under Delimiter framing; null under others.</summary>
    public MessageDelimiter? Delimiter { get; init; }

    /// <summary>Frames responses, and what is sent unasked.</summary>
    public FrameWriter Writer { get; init; } = new(MessageFraming.None);

    /// <summary>Whether no option needs message boundaries, so that bytes are echoed or discarded as received.</summary>
    public bool IsPlain { get; init; }

    public bool IsDiscarding { get; init; }

    public Encoding Encoding { get; init; } = Encoding.UTF8;

    public int MaxMessageBytes { get; init; }

    public int IdleGapMilliseconds { get; init; }

    /// <summary>The idle timeout of both directions; <see cref="Timeout.Infinite"/> without a limit.</summary>
    public int IdleMilliseconds { get; init; } = Timeout.Infinite;

    /// <summary>The greeting, framing included; empty for none.</summary>
    public byte[] Greeting { get; init; } = [];

    public byte[] Farewell { get; init; } = [];

    public string[] ExitCommand { get; init; } = [];

    public ResponseWriter Response { get; init; } = ResponseWriter.Same;

    public IMessageResponder? Responder { get; init; }

    /// <summary>The response when the responder fails; null closes the connection.</summary>
    public byte[]? ErrorResponse { get; init; }

    public int MinDelayMilliseconds { get; init; }

    public int MaxDelayMilliseconds { get; init; }

    public int DisconnectAfter { get; init; }

    public int ResetAfter { get; init; }

    public int FragmentBytes { get; init; }

    /// <summary>Whether a message is an exit command; white space around it and case do not matter.</summary>
    public bool IsExitCommand(in Frame message)
    {
        // Too long for an exit command with some white space around it.
        if (ExitCommand.Length == 0 || message.Count > MaxExitBytes)
        {
            return false;
        }

        var text = Encoding.ToText(message.Buffer, message.Offset, message.Count).Trim();
        foreach (var word in ExitCommand)
        {
            if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The terminator of the farewell, which is the message's, or CRLF where the lines that the server sends unasked end so.</summary>
    public Terminator FarewellTerminator(Terminator message) => message == Terminator.LineFeed ? Writer.Terminator : message;

    public ReceivedMessage ToReceivedMessage(in Frame message, ConnectionFacts connection, long sequence, Clock clock)
    {
        var content = new byte[message.Count];
        Buffer.BlockCopy(message.Buffer, message.Offset, content, 0, content.Length);
        return new ReceivedMessage(
            content,
            Encoding.ToText(content, 0, content.Length),
            (message.Terminator == Terminator.None ? Writer.Terminator : message.Terminator) == Terminator.CarriageReturnLineFeed ? "\r\n" : "\n",
            connection.Id,
            connection.RemoteAddress,
            connection.RemotePort,
            sequence,
            clock.Now);
    }
}
