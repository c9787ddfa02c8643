using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;

namespace PSSocketTools.Server.Transport;

/// <summary>What the exceptions of a stream over TLS mean to a channel.</summary>
internal static class TlsErrors
{
    /// <summary>Whether it is an exception of a lost connection or of invalid records, and not a bug of this program; with the error that it means.</summary>
    public static bool TryToSocketError(Exception exception, out SocketError error)
    {
        error = exception.GetBaseException() switch
        {
            SocketException socket => socket.SocketErrorCode,
            ObjectDisposedException or OperationCanceledException => SocketError.OperationAborted,

            // The client disconnected in the middle of a record, or sent an invalid one.
            _ => SocketError.ConnectionAborted,
        };
        return exception is IOException or SocketException or AuthenticationException or CryptographicException
            or InvalidOperationException or OperationCanceledException;
    }
}
