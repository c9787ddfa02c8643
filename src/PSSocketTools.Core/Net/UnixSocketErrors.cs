using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>Errors of Unix domain sockets in terms of paths: the system's texts for these codes are about IP addresses.</summary>
internal static class UnixSocketErrors
{
    /// <summary>The error of a failed connect to a path; null when the error is not about the path.</summary>
    public static SocketToolsException? ToConnectError(SocketException exception, string path)
    {
        if (OfFolder(exception, path) is { } error)
        {
            return error;
        }

        return exception.SocketErrorCode switch
        {
            SocketError.AccessDenied => Make(SocketToolsError.SocketFailed, "SocketPathNotAllowed", exception, path),
            SocketError.AddressNotAvailable => Make(SocketToolsError.AddressNotAvailable, "SocketPathMissing", exception, path),
            SocketError.ConnectionRefused or SocketError.NotSocket when SocketPath.KindOf(path, FileIdentity.IsKnown) == SocketPath.Kind.Other =>
                Make(SocketToolsError.ConnectionRefused, "SocketPathNoSocket", exception, path),
            SocketError.ProtocolType => Make(SocketToolsError.ConnectionRefused, "SocketPathOtherKind", exception, path),
            _ => null,
        };
    }

    /// <summary>The error of a failed listen on a path; null when the error is not about the path.</summary>
    public static SocketToolsException? ToListenError(SocketException exception, string path) =>
        OfFolder(exception, path) ?? (exception.SocketErrorCode == SocketError.AccessDenied
            ? Make(SocketToolsError.PortAccessDenied, "SocketFolderDenied", exception, path, Path.GetDirectoryName(Path.GetFullPath(path)))
            : null);

    /// <summary>The error for a missing folder of the path, or a file in place of one; null when all folders exist, or this user can't read them.</summary>
    private static SocketToolsException? OfFolder(SocketException exception, string path)
    {
        if (exception.SocketErrorCode == SocketError.AccessDenied)
        {
            return null;
        }

        string? missing = null;
        for (var folder = Path.GetDirectoryName(Path.GetFullPath(path)); folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(folder))
            {
                return Make(SocketToolsError.AddressNotAvailable, "SocketFolderIsFile", exception, path, folder);
            }

            missing = folder;
        }

        return missing is null ? null : Make(SocketToolsError.AddressNotAvailable, "SocketFolderMissing", exception, path, missing);
    }

    private static SocketToolsException Make(SocketToolsError error, string message, SocketException exception, string path, string? folder = null) =>
        new(error, Messages.Get(message, path, folder), path, exception);
}
