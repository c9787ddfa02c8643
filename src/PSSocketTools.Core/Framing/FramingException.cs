namespace PSSocketTools.Framing;

/// <summary>The peer broke the framing; nothing that follows can be told apart any more.</summary>
internal sealed class FramingException(SocketToolsError error, string message) : Exception(message)
{
    /// <summary><see cref="SocketToolsError.MessageTooLarge"/>, <see cref="SocketToolsError.InvalidMessage"/>, or <see cref="SocketToolsError.TlsFailed"/>.</summary>
    public SocketToolsError Error { get; } = error;
}
