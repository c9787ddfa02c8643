using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>The engine's errors as PowerShell's: the error's name is the id, and each has its category.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord Of(SocketToolsException exception) =>
        new(exception, exception.Error.ToString(), Category(exception.Error), Target(exception));

    /// <summary>What an error is about; an option that may not be as it is, by its parameter's name.</summary>
    private static object? Target(SocketToolsException exception) =>
        exception is { Error: SocketToolsError.InvalidOption, Target: string option } ? EngineWords.Parameter(option) : exception.Target;

    private static ErrorCategory Category(SocketToolsError error) => error switch
    {
        SocketToolsError.PortInUse => ErrorCategory.ResourceExists,
        SocketToolsError.PortAccessDenied => ErrorCategory.PermissionDenied,
        SocketToolsError.AddressNotAvailable or SocketToolsError.NameNotFound or SocketToolsError.NotFound => ErrorCategory.ObjectNotFound,
        SocketToolsError.ConnectionRefused or SocketToolsError.ConnectionReset or SocketToolsError.ServerClosed
            or SocketToolsError.Unreachable or SocketToolsError.ConnectionEnded => ErrorCategory.ConnectionError,
        SocketToolsError.ConnectTimeout or SocketToolsError.ResponseTimeout or SocketToolsError.WaitTimeout => ErrorCategory.OperationTimeout,
        SocketToolsError.SessionClosed or SocketToolsError.SessionHalfClosed or SocketToolsError.SessionFaulted
            or SocketToolsError.ServerStopped => ErrorCategory.InvalidOperation,
        SocketToolsError.Interrupted => ErrorCategory.OperationStopped,
        SocketToolsError.MessageNotCarried or SocketToolsError.InvalidOption => ErrorCategory.InvalidArgument,
        SocketToolsError.MessageTooLarge or SocketToolsError.ClientTooSlow => ErrorCategory.LimitsExceeded,
        SocketToolsError.InvalidMessage => ErrorCategory.InvalidData,
        SocketToolsError.TlsFailed => ErrorCategory.SecurityError,
        SocketToolsError.NotSupported => ErrorCategory.NotImplemented,
        SocketToolsError.NoFreePort or SocketToolsError.TooManyOpenFiles => ErrorCategory.ResourceUnavailable,
        SocketToolsError.FileFailed => ErrorCategory.WriteError,
        _ => ErrorCategory.NotSpecified,
    };
}
