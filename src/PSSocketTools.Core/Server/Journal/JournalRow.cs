namespace PSSocketTools.Server.Journal;

/// <summary>A stored event: numbers, references to objects that exist anyway, and the position of its message's bytes.</summary>
internal struct JournalRow
{
    /// <summary>When it happened, in ticks of 100 ns, UTC.</summary>
    public long UtcTicks;

    /// <summary>
    /// Where the kept bytes of the message begin: a position in the stream of all bytes that were stored. A response that repeats its
    /// message refers to the bytes of the message.
    /// </summary>
    public long BytesOffset;

    /// <summary>Where the bytes end that this row and those before it have stored.</summary>
    public long BytesEnd;

    /// <summary>The full length of the message in bytes; -1 for an event without a message.</summary>
    public long Bytes;

    /// <summary>How long the connection or server lasted, in ticks of 100 ns; -1 where nothing ended.</summary>
    public long DurationTicks;

    /// <summary>The connection; null where the event concerns none.</summary>
    public ClientRecord? Client;

    /// <summary>The text of an event without a message, or the fault that struck or ended a connection; null for neither.</summary>
    public string? Text;

    /// <summary>How many bytes of the message are kept.</summary>
    public int BytesKept;

    public ServerEventKind Kind;

    public ServerEventReason Reason;

    /// <summary>The client's address; null where the event concerns no client, or the protocol has none.</summary>
    public readonly string? RemoteAddress => Client is { RemoteAddress: { Length: > 0 } address } ? address : null;

    /// <summary>The client's port; null where the event concerns no client, or the protocol has none.</summary>
    public readonly int? RemotePort => Client is { RemotePort: > 0 and var port } ? port : null;

    /// <summary>Whether it is an event of a message, whose bytes are kept.</summary>
    public readonly bool HasMessage => Bytes >= 0;

    /// <summary>Whether the message had more bytes than are kept.</summary>
    public readonly bool IsTruncated => Bytes > BytesKept;

    /// <summary>The text of an event without a message; null for none.</summary>
    public readonly string? Sentence => IsOfFault ? null : Text;

    /// <summary>The fault that struck, or that ended the connection; null for none.</summary>
    public readonly string? Fault => IsOfFault ? Text : null;

    /// <summary>The name of the reason; null for none.</summary>
    public readonly string? ReasonName => Reason == ServerEventReason.None ? null : Reason.ToString();

    /// <summary>How long the connection or server lasted; null where nothing ended.</summary>
    public readonly double? DurationMilliseconds => DurationTicks >= 0 ? (double)DurationTicks / TimeSpan.TicksPerMillisecond : null;

    private readonly bool IsOfFault => Kind is ServerEventKind.FaultStruck or ServerEventKind.Disconnected;
}
