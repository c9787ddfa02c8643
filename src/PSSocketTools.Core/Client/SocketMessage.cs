namespace PSSocketTools;

/// <summary>A message and its answer: what was sent, what came back, and how long that took.</summary>
public sealed class SocketMessage
{
    internal SocketMessage(
        EchoSession session, DateTimeOffset timestamp, object? message, int bytesSent, object? response, bool complete, int bytesReceived,
        TimeSpan roundTripTime)
    {
        SessionId = session.Id;
        ComputerName = session.ComputerName;
        Port = session.Port;
        Timestamp = timestamp;
        Message = message;
        Response = response;
        Complete = complete;
        BytesSent = bytesSent;
        BytesReceived = bytesReceived;
        RoundTripTime = roundTripTime;
    }

    /// <summary>The number of the session it went through.</summary>
    public int SessionId { get; }

    /// <summary>The server's name, as the session was given it.</summary>
    public string ComputerName { get; }

    /// <summary>The server's port; 0 for a Unix socket.</summary>
    public int Port { get; }

    /// <summary>When the message was sent; of what came unasked, when it was read.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>What was sent: a string, or a byte array where bytes were asked for; null for what came unasked.</summary>
    public object? Message { get; }

    /// <summary>What came back, without its framing: a string, or a byte array where bytes were asked for; null while not waited for.</summary>
    public object? Response { get; }

    /// <summary>False when the server closed in the middle of the answer, or the answer was not waited for.</summary>
    public bool Complete { get; }

    /// <summary>Bytes sent, framing included.</summary>
    public int BytesSent { get; }

    /// <summary>Bytes received, framing included.</summary>
    public int BytesReceived { get; }

    /// <summary>From before the message was written until its answer was whole; zero for what came unasked.</summary>
    public TimeSpan RoundTripTime { get; }

    /// <inheritdoc/>
    public override string ToString() => Response as string ?? string.Empty;
}
