namespace PSSocketTools.Framing;

/// <summary>The peer violated the framing, so that no further message boundary can be found.</summary>
internal sealed class FramingException(SocketToolsError error, string message) : Exception(message)
{
    /// <summary><see cref="SocketToolsError.MessageTooLarge"/>, <see cref="SocketToolsError.InvalidMessage"/>, or <see cref="SocketToolsError.TlsFailed"/>.</summary>
    public SocketToolsError Error { get; } = error;
}
