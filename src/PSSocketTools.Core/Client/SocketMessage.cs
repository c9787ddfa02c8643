using PSSocketTools.Client;
using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>A message and its response: what was sent, what was received, and how long that took.</summary>
public sealed class SocketMessage
{
    private readonly DateTimeOffset _timestamp;

    internal SocketMessage(
        SessionContext session, DateTimeOffset timestamp, object? message, int bytesSent, object? response, bool complete, int bytesReceived,
        TimeSpan? roundTrip)
    {
        SessionId = session.Options.Id;
        ComputerName = session.Options.ComputerName;
        Port = session.Options.Port;
        _timestamp = timestamp;
        Message = message;
        Response = response;
        Complete = complete;
        BytesSent = bytesSent;
        BytesReceived = bytesReceived;
        RoundTrip = roundTrip;
    }

    /// <summary>The id of the session.</summary>
    public int SessionId { get; }

    /// <summary>The server's name, as the session was given it.</summary>
    public string ComputerName { get; }

    /// <summary>The server's port; 0 for a Unix socket.</summary>
    public int Port { get; }

    /// <summary>When the message was sent, in local time; for an unsolicited message, when it was read.</summary>
    public DateTime Timestamp => _timestamp.LocalDateTime;

    /// <summary>The same moment in UTC, as ISO 8601 with 100 ns: <c>2026-03-29T01:30:00.1234567Z</c>.</summary>
    public string TimestampUtc => _timestamp.ToUtcText();

    /// <summary>What was sent: a string, or a byte array where bytes were asked for; null for an unsolicited message.</summary>
    public object? Message { get; }

    /// <summary>The response, without its framing: a string, or a byte array where bytes were asked for; null while not waited for.</summary>
    public object? Response { get; }

    /// <summary>False when the server closed in the middle of the response, or the response was not waited for.</summary>
    public bool Complete { get; }

    /// <summary>Bytes sent, framing included.</summary>
    public int BytesSent { get; }

    /// <summary>Bytes received, framing included.</summary>
    public int BytesReceived { get; }

    /// <summary>The time from before the message was written until its response was complete, in milliseconds; null where no response was waited for, and for an unsolicited message.</summary>
    public double? RoundTripMilliseconds => RoundTrip?.TotalMilliseconds;

    internal TimeSpan? RoundTrip { get; }

    /// <inheritdoc/>
    public override string ToString() => Response as string ?? string.Empty;
}
