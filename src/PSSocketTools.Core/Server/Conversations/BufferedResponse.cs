namespace PSSocketTools.Server.Conversations;

/// <summary>A response in a buffer.</summary>
/// <param name="Offset">Where it begins, without its framing.</param>
/// <param name="Count">Its bytes.</param>
/// <param name="Received">Where the journal keeps the bytes of the message, where the response has the same; otherwise -1.</param>
internal readonly record struct BufferedResponse(int Offset, int Count, long Received);
