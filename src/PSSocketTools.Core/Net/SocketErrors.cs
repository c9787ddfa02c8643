using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>Classifies the system's socket errors and turns them into the engine's.</summary>
internal static class SocketErrors
{
    // EMFILE and ENFILE, as .NET gives them to an IOException where the system has them.
    private const int NoDescriptor = 24;
    private const int NoDescriptorInSystem = 23;

    /// <summary>Whether the connection was reset (RST), or the error is one that a system reports instead.</summary>
    public static bool IsReset(SocketError error) => error is
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.NetworkReset or SocketError.Shutdown or
        SocketError.NotConnected;

    /// <summary>Whether our side closed the socket during an operation.</summary>
    public static bool IsAbort(SocketError error) => error is
        SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket;

    /// <summary>Whether a listening socket was closed or shut down (accept(2), EINVAL).</summary>
    public static bool EndsListening(SocketError error) => IsAbort(error) || error is SocketError.InvalidArgument;

    /// <summary>
    /// Whether a datagram socket can't receive any more: it was closed, or the system aborted it (ECONNABORTED, which no datagram
    /// causes; ss -K on Linux).
    /// </summary>
    public static bool EndsReceiving(SocketError error) => IsAbort(error) || error is SocketError.ConnectionAborted;

    /// <summary>Whether the process or the system has no descriptor left.</summary>
    public static bool IsExhausted(SocketError error) => error is
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;

    /// <summary>Whether the cause of an exception is that no descriptor or thread was left.</summary>
    public static bool IsExhausted(Exception exception) =>
        (Within(exception) is { } socket && IsExhausted(socket.SocketErrorCode))
        || exception is TaskSchedulerException
        || exception is IOException { HResult: NoDescriptor or NoDescriptorInSystem };

    /// <summary>The socket error within an exception, however deeply it is wrapped; null when there is none.</summary>
    public static SocketException? Within(Exception? exception) => exception switch
    {
        null => null,
        SocketException socket => socket,
        AggregateException several => several.InnerExceptions.Select(Within).FirstOrDefault(static one => one is not null),
        _ => Within(exception.InnerException),
    };

    /// <summary>The error of a failed bind or listen, with advice.</summary>
    public static SocketToolsException ToListenError(SocketException exception, string endPoint) => exception.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => Make(SocketToolsError.PortInUse, "PortInUse", exception, endPoint),
        SocketError.AccessDenied => Make(SocketToolsError.PortAccessDenied, "PortAccessDenied", exception, endPoint),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported =>
            Make(SocketToolsError.AddressNotAvailable, "AddressNotAvailable", exception, endPoint),
        SocketError.TooManyOpenSockets => ToExhaustedError(endPoint, exception),
        _ => Unsorted(exception, endPoint),
    };

    /// <summary>The error of a failed connect, with advice.</summary>
    public static SocketToolsException ToConnectError(SocketException exception, string endPoint) => exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => Make(SocketToolsError.ConnectionRefused, "ConnectionRefused", exception, endPoint),
        SocketError.TimedOut => Make(SocketToolsError.ConnectTimeout, "ConnectTimeoutSystem", exception, endPoint),
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown =>
            Make(SocketToolsError.Unreachable, "Unreachable", exception, endPoint),
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery =>
            Make(SocketToolsError.NameNotFound, "NameNotFound", exception, endPoint),
        var code when IsReset(code) =>
            Make(SocketToolsError.ConnectionReset, "ConnectionReset", exception, endPoint),
        var code when IsExhausted(code) => ToExhaustedError(endPoint, exception),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported =>
            Make(SocketToolsError.AddressNotAvailable, "AddressNotAvailable", exception, endPoint),
        _ => Unsorted(exception, endPoint),
    };

    /// <summary>The message for a port that this user is denied, with its excluded range on Windows.</summary>
    public static string DeniedText(IPEndPoint endPoint, SocketProtocol protocol)
    {
        var family = endPoint.AddressFamily;
        return PortExclusions.Find(family, protocol, endPoint.Port) is { } range
            ? ExcludedText(endPoint, range, PortExclusions.Command(family, protocol))
            : Messages.Get(HostSystem.IsWindows ? "PortDeniedOnWindows" : "PortAccessDenied", EndPointText.Of(endPoint));
    }

    /// <summary>The message for a port in an excluded range.</summary>
    public static string ExcludedText(IPEndPoint endPoint, PortRange range, string command) =>
        Messages.Get("PortExcluded", EndPointText.Of(endPoint), range, command);

    /// <summary>The error of a failed listen on the path of a Unix domain socket.</summary>
    public static SocketToolsException ToListenErrorAtPath(SocketException exception, string path) =>
        UnixSocketErrors.ToListenError(exception, path) ?? ToListenError(exception, path);

    /// <summary>The error of a failed connect to the path of a Unix domain socket.</summary>
    public static SocketToolsException ToConnectErrorAtPath(SocketException exception, string path) =>
        UnixSocketErrors.ToConnectError(exception, path) ?? ToConnectError(exception, path);

    /// <summary>The error for a process at its limit of descriptors (EMFILE), or a system without any left (ENFILE), which .NET does not distinguish.</summary>
    public static SocketToolsException ToExhaustedError(string target, Exception? inner = null) => new(
        SocketToolsError.TooManyOpenFiles,
        Messages.Get(DescriptorLimit.IsSystemExhausted() ? "TooManyOpenFilesInSystem" : "TooManyOpenFiles", target),
        target,
        inner);

    /// <summary>The system's text for an error, with its number when .NET has no name for it.</summary>
    /// <param name="error">The error as .NET sorts it.</param>
    /// <param name="number">The system's own number; 0 where it is not known.</param>
    public static string TextOf(SocketError error, int number = 0) => TextOf(
        number > 0 && HostSystem.IsLinux ? new LinuxSocketException(number) : new SocketException((int)error));

    private static string TextOf(SocketException exception)
    {
        var number = exception is LinuxSocketException own ? own.Number : exception.NativeErrorCode;
        var sorted = exception is not LinuxSocketException && exception.SocketErrorCode != SocketError.SocketError;

        // The exception of a connect appends the endpoint to the system's text, and our message names it already.
        var text = (sorted ? new SocketException((int)exception.SocketErrorCode) : exception).Message.TrimEnd('.');

        // .NET maps all errors that it does not know to one code, and to a negative number.
        return exception.SocketErrorCode == SocketError.SocketError && number > 0 ? Messages.Get("SystemErrorNumber", text, number) : text;
    }

    private static SocketToolsException Unsorted(SocketException exception, string endPoint) =>
        new(SocketToolsError.SocketFailed, Messages.Get("SocketFailed", endPoint, TextOf(exception)), endPoint, exception);

    private static SocketToolsException Make(SocketToolsError error, string message, SocketException exception, string endPoint) =>
        new(error, Messages.Get(message, endPoint), endPoint, exception);
}
