using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>The exception for every error that users can see: it has the error, its target, and advice.</summary>
public sealed class SocketToolsException : Exception
{
    /// <summary>Makes an exception for an error. Characters that a terminal would interpret become U+FFFD in the message and in a text target.</summary>
    /// <param name="error">The error's stable name.</param>
    /// <param name="message">A sentence with what happened and the way out.</param>
    /// <param name="target">What the error is about: an endpoint's text, a session, a message.</param>
    /// <param name="innerException">The system's exception, where there was one.</param>
    public SocketToolsException(SocketToolsError error, string message, object? target = null, Exception? innerException = null)
        : base(OutsideText.Clean(message), innerException)
    {
        Error = error;
        Target = target is string text ? OutsideText.Clean(text) : target;
    }

    /// <summary>The error's stable name.</summary>
    public SocketToolsError Error { get; }

    /// <summary>What the error is about.</summary>
    public object? Target { get; }

    /// <summary>
    /// Whether retrying may succeed: the server, its host, its name or its socket's file may not exist yet, and the address or the port
    /// to connect from may not be available yet. A proxy accepts before the server behind it is ready, and closes, in a TLS handshake too.
    /// </summary>
    public bool MayPass => Error is
        SocketToolsError.ConnectionRefused or SocketToolsError.ConnectTimeout or SocketToolsError.Unreachable or
        SocketToolsError.ConnectionReset or SocketToolsError.ServerClosed or SocketToolsError.NameNotFound or
        SocketToolsError.AddressNotAvailable or SocketToolsError.PortInUse or SocketToolsError.SocketFailed
        || (Error == SocketToolsError.TlsFailed && InnerException is IOException);
}
