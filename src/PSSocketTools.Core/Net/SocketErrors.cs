using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>The system's socket errors, named in our words: the one place that sorts them.</summary>
internal static class SocketErrors
{
    // EMFILE and ENFILE, as .NET gives them to an IOException where the system has them.
    private const int NoDescriptor = 24;
    private const int NoDescriptorInSystem = 23;

    /// <summary>The peer is gone without a word: RST, or what a system reports in its stead.</summary>
    public static bool IsReset(SocketError error) => error is
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.NetworkReset or SocketError.Shutdown or
        SocketError.NotConnected;

    /// <summary>We closed the socket ourselves under an operation.</summary>
    public static bool IsAbort(SocketError error) => error is
        SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket;

    /// <summary>A socket that listened does no more: it was closed, or shut down (accept(2), EINVAL), by somebody else.</summary>
    public static bool EndsListening(SocketError error) => IsAbort(error) || error is SocketError.InvalidArgument;

    /// <summary>
    /// A socket that received datagrams does no more: it was closed, or the system took its address away (ECONNABORTED, which no
    /// datagram's way brings; ss -K on Linux), and nothing comes to it again.
    /// </summary>
    public static bool EndsReceiving(SocketError error) => IsAbort(error) || error is SocketError.ConnectionAborted;

    /// <summary>The process or the system has no descriptor left to give.</summary>
    public static bool IsExhausted(SocketError error) => error is
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;

    /// <summary>Whether an exception comes of that: a socket, a file or a thread could not be had.</summary>
    public static bool IsExhausted(Exception exception) =>
        (Within(exception) is { } socket && IsExhausted(socket.SocketErrorCode))
        || exception is TaskSchedulerException
        || exception is IOException { HResult: NoDescriptor or NoDescriptorInSystem };

    /// <summary>The system's error in an exception, however deep streams and tasks have wrapped it; null when there is none.</summary>
    public static SocketException? Within(Exception? exception) => exception switch
    {
        null => null,
        SocketException socket => socket,
        AggregateException several => several.InnerExceptions.Select(Within).FirstOrDefault(static one => one is not null),
        _ => Within(exception.InnerException),
    };

    /// <summary>An error met while binding or listening, with its way out.</summary>
    public static SocketToolsException Listening(SocketException exception, string endPoint) => exception.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => Make(SocketToolsError.PortInUse, "PortInUse", exception, endPoint),
        SocketError.AccessDenied => Make(SocketToolsError.PortAccessDenied, "PortAccessDenied", exception, endPoint),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported =>
            Make(SocketToolsError.AddressNotAvailable, "AddressNotAvailable", exception, endPoint),
        SocketError.TooManyOpenSockets => Exhausted(endPoint, exception),
        _ => Unsorted(exception, endPoint),
    };

    /// <summary>An error met while connecting, with its way out.</summary>
    public static SocketToolsException Connecting(SocketException exception, string endPoint) => exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => Make(SocketToolsError.ConnectionRefused, "ConnectionRefused", exception, endPoint),
        SocketError.TimedOut => Make(SocketToolsError.ConnectTimeout, "ConnectTimeoutSystem", exception, endPoint),
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown =>
            Make(SocketToolsError.Unreachable, "Unreachable", exception, endPoint),
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery =>
            Make(SocketToolsError.NameNotFound, "NameNotFound", exception, endPoint),
        var code when IsReset(code) =>
            Make(SocketToolsError.ConnectionReset, "ConnectionReset", exception, endPoint),
        var code when IsExhausted(code) => Exhausted(endPoint, exception),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported =>
            Make(SocketToolsError.AddressNotAvailable, "AddressNotAvailable", exception, endPoint),
        _ => Unsorted(exception, endPoint),
    };

    /// <summary>A port that this user is denied, with the range that Windows excludes it in, where it does.</summary>
    public static string Denied(IPEndPoint endPoint, SocketProtocol protocol)
    {
        var family = endPoint.AddressFamily;
        return PortExclusions.Find(family, protocol, endPoint.Port) is { } range
            ? Excluded(endPoint, range, PortExclusions.Command(family, protocol))
            : Messages.Get(Environment.OSVersion.Platform == PlatformID.Win32NT ? "PortDeniedOnWindows" : "PortAccessDenied", EndPointText.Of(endPoint));
    }

    /// <summary>The sentence for a port in an excluded range.</summary>
    public static string Excluded(IPEndPoint endPoint, PortRange range, string command) =>
        Messages.Get("PortExcluded", EndPointText.Of(endPoint), range, command);

    /// <summary>An error met while listening on a Unix domain socket's path.</summary>
    public static SocketToolsException ListeningAtPath(SocketException exception, string path) =>
        SocketPaths.Listening(exception, path) ?? Listening(exception, path);

    /// <summary>An error met while connecting to a Unix domain socket's path.</summary>
    public static SocketToolsException ConnectingToPath(SocketException exception, string path) =>
        SocketPaths.Connecting(exception, path) ?? Connecting(exception, path);

    /// <summary>No descriptor is left: the process has all it may (EMFILE), or the system has none (ENFILE), which .NET does not tell apart.</summary>
    public static SocketToolsException Exhausted(string target, Exception? inner = null) => new(
        SocketToolsError.TooManyOpenFiles,
        Messages.Get(DescriptorLimit.IsSystemExhausted() ? "TooManyOpenFilesInSystem" : "TooManyOpenFiles", target),
        target,
        inner);

    /// <summary>The system's words for an error, with its number where it is one that nothing here has a name for.</summary>
    /// <param name="error">The error as .NET sorts it.</param>
    /// <param name="number">The system's own number; 0 where it is not known.</param>
    public static string TextOf(SocketError error, int number = 0) => TextOf(
        number > 0 && Environment.OSVersion.Platform != PlatformID.Win32NT ? new LinuxSocketException(number) : new SocketException((int)error));

    private static string TextOf(SocketException exception)
    {
        var number = exception is LinuxSocketException own ? own.Number : exception.NativeErrorCode;
        var sorted = exception is not LinuxSocketException && exception.SocketErrorCode != SocketError.SocketError;

        // The exception of a connect has the endpoint behind the system's words, and the sentence names it already.
        var text = (sorted ? new SocketException((int)exception.SocketErrorCode) : exception).Message.TrimEnd('.');

        // .NET makes one code, and a number of its own below zero, of all errors that it does not sort.
        return exception.SocketErrorCode == SocketError.SocketError && number > 0 ? Messages.Get("SystemErrorNumber", text, number) : text;
    }

    private static SocketToolsException Unsorted(SocketException exception, string endPoint) =>
        new(SocketToolsError.SocketFailed, Messages.Get("SocketFailed", endPoint, TextOf(exception)), endPoint, exception);

    private static SocketToolsException Make(SocketToolsError error, string message, SocketException exception, string endPoint) =>
        new(error, Messages.Get(message, endPoint), endPoint, exception);
}
