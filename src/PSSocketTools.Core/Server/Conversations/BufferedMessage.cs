namespace PSSocketTools.Server.Conversations;

/// <summary>A message in an <see cref="OutputBuffer"/>.</summary>
/// <param name="Offset">Where it begins, without its framing.</param>
/// <param name="Count">Its bytes.</param>
/// <param name="JournalOffset">Where the journal keeps the same bytes, those of the message that it responds to; -1 for nowhere.</param>
internal readonly record struct BufferedMessage(int Offset, int Count, long JournalOffset);
