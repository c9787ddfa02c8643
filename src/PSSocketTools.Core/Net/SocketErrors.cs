using System.Net.Sockets;
using PSSocketTools.Resources;

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

    /// <summary>The process or the system has no descriptor left to give.</summary>
    public static bool IsExhausted(SocketError error) => error is
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;

    /// <summary>Whether an exception comes of that: a socket, a file or a thread could not be had.</summary>
    public static bool IsExhausted(Exception exception) =>
        (Within(exception) is { } socket && IsExhausted(socket.SocketErrorCode))
        || exception is TaskSchedulerException
        || exception is IOException { HResult: NoDescriptor or NoDescriptorInSystem };

    /// <summary>The process, or the system, has no descriptor left to give.</summary>
    public static SocketToolsException Exhausted(Exception exception, string endPoint) =>
        new(SocketToolsError.TooManyOpenFiles, Messages.Get("TooManyOpenFiles", endPoint), endPoint, exception);

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
        SocketError.TooManyOpenSockets => Make(SocketToolsError.TooManyOpenFiles, "TooManyOpenFiles", exception, endPoint),
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
        var code when IsExhausted(code) => Exhausted(exception, endPoint),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported =>
            Make(SocketToolsError.AddressNotAvailable, "AddressNotAvailable", exception, endPoint),
        _ => Unsorted(exception, endPoint),
    };

    private static SocketToolsException Unsorted(SocketException exception, string endPoint) =>
        new(SocketToolsError.SocketFailed, Messages.Get("SocketFailed", endPoint, exception.Message), endPoint, exception);

    private static SocketToolsException Make(SocketToolsError error, string message, SocketException exception, string endPoint) =>
        new(error, Messages.Get(message, endPoint), endPoint, exception);
}
