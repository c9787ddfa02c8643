using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Faults;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>A server's options for conversations, and what is compiled of them once.</summary>
internal sealed class ConversationPlan
{
    private const int MaxExitBytes = 1024;

    private readonly string[] _exitWords;

    /// <param name="options">Valid options.</param>
    public ConversationPlan(ConversationOptions options)
    {
        Options = options;
        Encoding = TextEncoding.ReplacingBothWays(options.Encoding);
        Writer = new FrameWriter(options.Framing, options.LineEnding ?? ConversationOptions.DefaultLineEnding, options.Delimiter);
        IdleMilliseconds = options.IdleTimeout > TimeSpan.Zero ? (int)options.IdleTimeout.TotalMilliseconds : Timeout.Infinite;
        Greeting = Notice.Parse(nameof(options.Greeting), options.Greeting, Encoding, options.ServerName);
        Farewell = Notice.Parse(nameof(options.Farewell), options.Farewell, Encoding, options.ServerName);
        ErrorResponse = options.ErrorResponse is null ? null : Encoding.GetBytes(options.ErrorResponse);
        Response = ResponseFormat.Parse(options.ResponseFormat, options.Transform, Encoding, options.ServerName);
        WritesLocalAddress = Response.WritesLocalAddress || Greeting is { WritesLocalAddress: true } || Farewell is { WritesLocalAddress: true };
        Faults = new FaultList(options.ToFaults());
        _exitWords = [.. options.ExitCommand.Select(static word => word.Trim())];
    }

    public ConversationOptions Options { get; }

    /// <summary>The faults of the server, which are added and removed while it runs: the only part of the plan that changes.</summary>
    public FaultList Faults { get; }

    /// <summary>The encoding, which throws neither on bytes that are not valid in it nor on characters that it does not have.</summary>
    public Encoding Encoding { get; }

    /// <summary>Frames responses, and what is sent unsolicited.</summary>
    public FrameWriter Writer { get; }

    /// <summary>The idle timeout of both directions; <see cref="Timeout.Infinite"/> without a limit.</summary>
    public int IdleMilliseconds { get; }

    /// <summary>The greeting; null for none.</summary>
    public Notice? Greeting { get; }

    /// <summary>The farewell, whose framing is the message's; null for none.</summary>
    public Notice? Farewell { get; }

    /// <summary>Whether connections need to know the address that the client connected to.</summary>
    public bool WritesLocalAddress { get; }

    /// <summary>The response when the responder fails; null closes the connection.</summary>
    public byte[]? ErrorResponse { get; }

    /// <summary>Writes the response where there is no responder.</summary>
    public ResponseFormat Response { get; }

    /// <summary>Whether a message is an exit command; white space around it and case do not matter.</summary>
    public bool IsExitCommand(in Frame message)
    {
        // A long message is no exit command, not even with white space around it, and is not decoded to find that out.
        if (_exitWords.Length == 0 || message.Count > MaxExitBytes)
        {
            return false;
        }

        var text = Encoding.ToText(message.Buffer, message.Offset, message.Count).Trim();
        foreach (var word in _exitWords)
        {
            if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The terminator of the farewell, which is the message's, or CRLF where the lines that the server sends unsolicited end so.</summary>
    public Terminator FarewellTerminator(Terminator message) => message == Terminator.LineFeed ? Writer.Terminator : message;

    /// <summary>Throws for a message that would not reach the client as one when it is sent unsolicited.</summary>
    /// <exception cref="SocketToolsException">MessageNotCarried, or MessageTooLarge.</exception>
    public void RequireCarried(byte[] content, object target) => Writer.Require(content, 0, content.Length, Options.MaxMessageBytes, target);

    /// <summary>Adds a message that is sent unsolicited, in its framing.</summary>
    public void AppendUnsolicited(OutputBuffer output, byte[] content) => output.AppendMessage(content, Writer.Terminator);

    /// <summary>The greeting of a connection, framing included; empty for none.</summary>
    public byte[] GreetingFor(ClientRecord client, Clock clock)
    {
        if (Greeting is null)
        {
            return [];
        }

        using var output = new OutputBuffer(Writer);
        AppendUnsolicited(output, Greeting.For(client, clock));
        return output.ToArray();
    }

    /// <summary>A message as the responder gets it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="sequence">Its number among those of its client.</param>
    /// <param name="clock">The clock that tells when.</param>
    /// <param name="context">The client.</param>
    public ReceivedMessage ToReceivedMessage(in Frame message, long sequence, Clock clock, ResponderContext context)
    {
        var content = message.ToArray();
        return new ReceivedMessage(
            content,
            Encoding.ToText(content, 0, content.Length),
            (message.Terminator == Terminator.None ? Writer.Terminator : message.Terminator) == Terminator.CarriageReturnLineFeed ? "\r\n" : "\n",
            sequence,
            clock.Now,
            context);
    }
}
