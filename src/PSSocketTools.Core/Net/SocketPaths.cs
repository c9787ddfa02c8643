using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>Why a Unix domain socket's path can't be had, in words of paths: the system's codes are those of IP addresses, or none.</summary>
internal static class SocketPaths
{
    /// <summary>Why nobody can connect to a path; null where the error is not one of paths.</summary>
    public static SocketToolsException? Connecting(SocketException exception, string path)
    {
        if (OfFolder(exception, path) is { } error)
        {
            return error;
        }

        return exception.SocketErrorCode switch
        {
            SocketError.AccessDenied => Make(SocketToolsError.SocketFailed, "SocketPathNotAllowed", exception, path),
            SocketError.AddressNotAvailable => Make(SocketToolsError.AddressNotAvailable, "SocketPathMissing", exception, path),
            SocketError.ConnectionRefused or SocketError.NotSocket when SocketFiles.At(path, FileIdentity.IsKnown) == SocketFile.NoSocket =>
                Make(SocketToolsError.ConnectionRefused, "SocketPathNoSocket", exception, path),
            SocketError.ProtocolType => Make(SocketToolsError.ConnectionRefused, "SocketPathOtherKind", exception, path),
            _ => null,
        };
    }

    /// <summary>Why nobody can listen on a path; null where the error is not one of paths.</summary>
    public static SocketToolsException? Listening(SocketException exception, string path) =>
        OfFolder(exception, path) ?? (exception.SocketErrorCode == SocketError.AccessDenied
            ? Make(SocketToolsError.PortAccessDenied, "SocketFolderDenied", exception, path, Path.GetDirectoryName(Path.GetFullPath(path)))
            : null);

    /// <summary>The folder that is missing, or is none, on the way to the path; null where all are there, or this user can't see it.</summary>
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
