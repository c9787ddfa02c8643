namespace PSSocketTools.Server.Conversations;

/// <summary>What became of a message for a client that is sent unsolicited.</summary>
internal enum QueueResult
{
    /// <summary>It is queued.</summary>
    Queued,

    /// <summary>Too much was pending already, since the client does not read.</summary>
    Full,

    /// <summary>The conversation has ended, or is about to.</summary>
    Ended,
}
