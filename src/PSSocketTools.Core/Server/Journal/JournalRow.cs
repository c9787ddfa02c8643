namespace PSSocketTools.Server.Journal;

/// <summary>An event at rest: numbers, references to what is there anyway, and where the bytes of its message are.</summary>
internal struct JournalRow
{
    /// <summary>When it happened, in ticks of 100 ns, UTC.</summary>
    public long UtcTicks;

    /// <summary>Where the bytes kept of the message begin.</summary>
    public long BytesAt;

    /// <summary>The message's bytes in full; -1 for an event without a message.</summary>
    public long Bytes;

    /// <summary>How long what ended had lived, in ticks of 100 ns; -1 where nothing ended.</summary>
    public long DurationTicks;

    /// <summary>The connection; null where none is concerned.</summary>
    public ConnectionFacts? Connection;

    /// <summary>The text of an event without a message.</summary>
    public string? Text;

    /// <summary>How many bytes of the message are kept.</summary>
    public int BytesKept;

    /// <summary>How long what ended had lived; null where nothing ended.</summary>
    public readonly double? DurationMilliseconds => DurationTicks >= 0 ? (double)DurationTicks / TimeSpan.TicksPerMillisecond : null;

    /// <summary>Whether the message had more bytes than are kept.</summary>
    public readonly bool IsTruncated => Bytes > BytesKept;

    /// <summary>What happened.</summary>
    public ServerEventKind Kind;

    /// <summary>Why.</summary>
    public ServerEventReason Reason;
}
