using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>The one exception the engine throws for what users can meet: it names the error, its target and a way out.</summary>
public sealed class SocketToolsException : Exception
{
    /// <summary>Makes an exception for an error. U+FFFD stands in its message, and in a target that is text, for what would act on a terminal.</summary>
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
    /// Whether it may pass by waiting: a server, its host, its name or its socket's file that is not there yet can be the reason.
    /// A proxy accepts before the server behind it does, and closes, in a TLS handshake too.
    /// </summary>
    public bool MayPass => Error is
        SocketToolsError.ConnectionRefused or SocketToolsError.ConnectTimeout or SocketToolsError.Unreachable or
        SocketToolsError.ConnectionReset or SocketToolsError.ServerClosed or SocketToolsError.NameNotFound or
        SocketToolsError.AddressNotAvailable or SocketToolsError.SocketFailed
        || (Error == SocketToolsError.TlsFailed && InnerException is IOException);
}
