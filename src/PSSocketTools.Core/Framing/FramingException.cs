namespace PSSocketTools.Framing;

/// <summary>The peer violated the framing: where the next message begins is not known.</summary>
internal sealed class FramingException(SocketToolsError error, string message) : Exception(message)
{
    /// <summary><see cref="SocketToolsError.MessageTooLarge"/>, <see cref="SocketToolsError.InvalidMessage"/>, or <see cref="SocketToolsError.TlsFailed"/>.</summary>
    public SocketToolsError Error { get; } = error;
}
