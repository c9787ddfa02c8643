namespace PSSocketTools.Server.Journal;

/// <summary>A stored event: numbers, references to objects that exist anyway, and the position of its message's bytes.</summary>
internal struct JournalRow
{
    /// <summary>When it happened, in ticks of 100 ns, UTC.</summary>
    public long UtcTicks;

    /// <summary>The position at which the kept bytes of the message begin; where they are those of an earlier row, before <see cref="BytesEnd"/> of that one.</summary>
    public long BytesOffset;

    /// <summary>The position at which the bytes of all rows up to this one end.</summary>
    public long BytesEnd;

    /// <summary>The full length of the message in bytes; -1 for an event without a message.</summary>
    public long Bytes;

    /// <summary>How long the connection or server lasted, in ticks of 100 ns; -1 where nothing ended.</summary>
    public long DurationTicks;

    /// <summary>The connection; null where the event concerns none.</summary>
    public ClientFacts? Client;

    /// <summary>The text of an event without a message; where a fault struck, or ended a connection, the fault.</summary>
    public string? Text;

    /// <summary>How many bytes of the message are kept.</summary>
    public int BytesKept;

    /// <summary>How long the connection or server lasted; null where nothing ended.</summary>
    public readonly double? DurationMilliseconds => DurationTicks >= 0 ? (double)DurationTicks / TimeSpan.TicksPerMillisecond : null;

    /// <summary>The fault that struck; null for none.</summary>
    public readonly string? Fault => Kind is ServerEventKind.FaultStruck or ServerEventKind.Disconnected ? Text : null;

    /// <summary>What is to be read of an event without a message; null for nothing.</summary>
    public readonly string? Sentence => Kind is ServerEventKind.FaultStruck or ServerEventKind.Disconnected ? null : Text;

    /// <summary>Whether the message had more bytes than are kept.</summary>
    public readonly bool IsTruncated => Bytes > BytesKept;

    public ServerEventKind Kind;

    public ServerEventReason Reason;
}
