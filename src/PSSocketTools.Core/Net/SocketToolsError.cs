namespace PSSocketTools;

/// <summary>What went wrong, as a stable name: the error id a script can match.</summary>
public enum SocketToolsError
{
    /// <summary>Another socket uses the port on a conflicting address (EADDRINUSE).</summary>
    PortInUse,

    /// <summary>The system does not let this user bind the port (EACCES): below 1024 without the right, or excluded.</summary>
    PortAccessDenied,

    /// <summary>The address is not one of this machine's (EADDRNOTAVAIL).</summary>
    AddressNotAvailable,

    /// <summary>The name does not resolve to an address, or not to one of a usable family.</summary>
    NameNotFound,

    /// <summary>Nothing listens at the remote endpoint (ECONNREFUSED), or the socket connected to itself.</summary>
    ConnectionRefused,

    /// <summary>No connection was established in the time allowed.</summary>
    ConnectTimeout,

    /// <summary>No route to the host or its network (EHOSTUNREACH, ENETUNREACH).</summary>
    Unreachable,

    /// <summary>No response arrived in the time allowed; the session is faulted.</summary>
    ResponseTimeout,

    /// <summary>The server closed the connection while a request was pending.</summary>
    ServerClosed,

    /// <summary>The peer reset the connection (RST).</summary>
    ConnectionReset,

    /// <summary>The session was closed before.</summary>
    SessionClosed,

    /// <summary>This side of the session sends no more; it still receives.</summary>
    SessionHalfClosed,

    /// <summary>The session faulted before and can't pair responses with requests any more.</summary>
    SessionFaulted,

    /// <summary>The wait was cancelled while a request was pending; the session is faulted.</summary>
    Interrupted,

    /// <summary>The server was stopped before.</summary>
    ServerStopped,

    /// <summary>The connection of a server's client has ended.</summary>
    ConnectionEnded,

    /// <summary>A server's client does not read: too many bytes wait to be sent to it.</summary>
    ClientTooSlow,

    /// <summary>The framing can't carry this message.</summary>
    MessageNotCarried,

    /// <summary>The message is longer than the limit.</summary>
    MessageTooLarge,

    /// <summary>The peer violated the framing: a bad length prefix, or a message cut short.</summary>
    InvalidMessage,

    /// <summary>The TLS handshake failed.</summary>
    TlsFailed,

    /// <summary>Options that do not belong together, or a value out of its range.</summary>
    InvalidOption,

    /// <summary>What was asked for does not exist on this platform or edition.</summary>
    NotSupported,

    /// <summary>A wait timed out.</summary>
    WaitTimeout,

    /// <summary>A range holds fewer free ports than were asked for.</summary>
    NoFreePort,

    /// <summary>Too many files or sockets are open (EMFILE, ENFILE).</summary>
    TooManyOpenFiles,

    /// <summary>No running server or open session has that id, name or port.</summary>
    NotFound,

    /// <summary>A file the tool needs could not be read or written.</summary>
    FileFailed,

    /// <summary>Any other error of the system; the message has its text.</summary>
    SocketFailed,
}
