using System.Globalization;
using PSSocketTools.Net;
using PSSocketTools.Server.Journal;

namespace PSSocketTools;

/// <summary>One thing that happened on an echo server.</summary>
public sealed class ServerEvent
{
    private readonly DateTimeOffset _timestamp;
    private readonly ServerEventKind _kind;

    internal ServerEvent(in JournalRow row, long sequence, ServerIdentity server, string? message, byte[]? content)
    {
        _timestamp = new DateTimeOffset(row.UtcTicks, TimeSpan.Zero);
        Sequence = sequence;
        ServerId = server.Id;
        ServerName = server.Name;
        Port = server.Port;
        ConnectionId = row.Client?.Id;
        _kind = row.Kind;
        RemoteAddress = row.RemoteAddress;
        RemotePort = row.RemotePort;
        Message = message;
        Content = content;
        IsTruncated = row.IsTruncated;
        Bytes = row.HasMessage ? row.Bytes : null;
        Reason = row.ReasonName;
        Fault = row.Fault;
        DurationMilliseconds = row.DurationMilliseconds;
    }

    /// <summary>When it happened, in local time.</summary>
    public DateTime Timestamp => _timestamp.LocalDateTime;

    /// <summary>The same moment in UTC, as ISO 8601 with 100 ns: <c>2026-03-29T01:30:00.1234567Z</c>.</summary>
    public string TimestampUtc => _timestamp.ToUtcText();

    /// <summary>Its number among the server's events, from 1 on, without gaps.</summary>
    public long Sequence { get; }

    /// <summary>The server's id.</summary>
    public int ServerId { get; }

    /// <summary>The server's name.</summary>
    public string ServerName { get; }

    /// <summary>The port the server listens on; 0 on a Unix socket.</summary>
    public int Port { get; }

    /// <summary>The connection's number on its server, from 1 on; null where the event concerns no connection.</summary>
    public int? ConnectionId { get; }

    /// <summary>What happened: the name of a <see cref="ServerEventKind"/>.</summary>
    public string Kind => _kind.ToString();

    /// <summary>The client's address.</summary>
    public string? RemoteAddress { get; }

    /// <summary>The client's port.</summary>
    public int? RemotePort { get; }

    /// <summary>The message or response as text, as far as it was kept; or what failed; of a Connected event the subject of the client's certificate, where one was asked for.</summary>
    public string? Message { get; }

    /// <summary>The bytes of the message or response, as far as they were kept; null where the event concerns no message.</summary>
#pragma warning disable CA1819 // A property, so that views and exports include it; the array is not shared.
    public byte[]? Content { get; }
#pragma warning restore CA1819

    /// <summary>Whether the message was longer than <see cref="EchoServerOptions.EventMessageBytes"/>, and only its beginning is here.</summary>
    public bool IsTruncated { get; }

    /// <summary>The full length of the message or response in bytes, without its framing.</summary>
    public long? Bytes { get; }

    /// <summary>Why: the name of a <see cref="ServerEventReason"/>, where one applies.</summary>
    public string? Reason { get; }

    /// <summary>The fault that struck, or that ended the connection: its settings and its number; null for none.</summary>
    public string? Fault { get; }

    /// <summary>How long the connection or the server lasted, in milliseconds; null where nothing ended.</summary>
    public double? DurationMilliseconds { get; }

    /// <summary>What happened.</summary>
    public ServerEventKind GetKind() => _kind;

    /// <summary>When it happened.</summary>
    public DateTimeOffset GetTimestamp() => _timestamp;

    /// <summary>One line: time, kind, who, what.</summary>
    public override string ToString()
    {
        var time = Timestamp.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var who = RemoteAddress is null ? string.Empty : " " + (RemotePort is { } port ? EndPointText.Of(RemoteAddress, port) : RemoteAddress);
        var why = Reason is null ? string.Empty : $" ({Reason})";
        var what = Message ?? Fault;
        return $"{time} {Kind}{who}{why}{(what is null ? string.Empty : " " + what)}";
    }
}
