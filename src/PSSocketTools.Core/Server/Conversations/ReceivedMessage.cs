using System.Collections;
using PSSocketTools.Net;
using PSSocketTools.Server.Conversations;

namespace PSSocketTools;

/// <summary>A message an echo server received, and who sent it.</summary>
public sealed class ReceivedMessage
{
    private readonly DateTimeOffset _timestamp;
    private readonly ResponderContext _context;
    private readonly string _lineEnd;

    internal ReceivedMessage(byte[] content, string message, string lineEnd, long sequence, DateTimeOffset timestamp, ResponderContext context)
    {
        Content = content;
        Message = message;
        _lineEnd = lineEnd;
        Sequence = sequence;
        _timestamp = timestamp;
        _context = context;
    }

    /// <summary>The message as text in the server's encoding.</summary>
    public string Message { get; }

    /// <summary>The message in bytes.</summary>
    public int Bytes => Content.Length;

    /// <summary>The client's address.</summary>
    public string RemoteAddress => _context.Client.RemoteAddress;

    /// <summary>The client's port.</summary>
    public int RemotePort => _context.Client.RemotePort;

    /// <summary>The connection's number on its server, from 1 on.</summary>
    public int ConnectionId => _context.Client.Id;

    /// <summary>The message's number on its connection, from 1 on.</summary>
    public long Sequence { get; }

    /// <summary>When the message was complete, in local time.</summary>
    public DateTime Timestamp => _timestamp.LocalDateTime;

    /// <summary>The same moment in UTC, as ISO 8601 with 100 ns: <c>2026-03-29T01:30:00.1234567Z</c>.</summary>
    public string TimestampUtc => _timestamp.ToUtcText();

    /// <summary>The message's bytes as received, without their framing.</summary>
#pragma warning disable CA1819 // A property, so that scripts read it as one; the array is not shared.
    public byte[] Content { get; }
#pragma warning restore CA1819

    /// <summary>
    /// What the responder keeps from one message of a connection to the next: empty at first, one for each connection, and gone with
    /// it. Of datagrams it belongs to the sender, as long as the server remembers that one. Keys are found in any case; safe from
    /// several threads, since a response that timed out may still be computed.
    /// </summary>
    public Hashtable State => _context.State;

    /// <summary>The separator between the lines of a response: the line end that the message had; where it had none, that of what the server sends unsolicited, or LF.</summary>
    public string GetLineEnd() => _lineEnd;

    /// <summary>Closes the connection (FIN) once the response to this message is sent; messages after it get none.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: a datagram has no connection.</exception>
    public void Close() => _context.Close();

    /// <summary>Resets the connection (RST) at once, without a response.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: a datagram has no connection.</exception>
    public void Reset() => _context.Reset();

    /// <summary>Adds a Trace event to the server's journal.</summary>
    /// <param name="text">Its text.</param>
    public void Trace(string text) => _context.Trace(text);

    /// <summary>Adds an Error event to the server's journal; the response is sent nevertheless.</summary>
    /// <param name="text">What went wrong.</param>
    public void ReportError(string text) => _context.ReportError(text);
}
