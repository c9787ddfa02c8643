using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>Maps Linux's error numbers to those of .NET.</summary>
internal static class LinuxErrors
{
    public static SocketError ToSocketError(int error) => error switch
    {
        0 => SocketError.Success,
        Libc.EMessageSize => SocketError.MessageSize,
        Libc.EConnRefused => SocketError.ConnectionRefused,
        Libc.EConnReset => SocketError.ConnectionReset,
        Libc.EConnAborted => SocketError.ConnectionAborted,
        Libc.EPipe => SocketError.Shutdown,
        Libc.ENotConn => SocketError.NotConnected,
        Libc.ETimedOut => SocketError.TimedOut,
        Libc.EHostUnreach => SocketError.HostUnreachable,
        Libc.EHostDown => SocketError.HostDown,
        Libc.ENetUnreach => SocketError.NetworkUnreachable,
        Libc.ENetDown => SocketError.NetworkDown,
        Libc.EAddrInUse => SocketError.AddressAlreadyInUse,

        // ENOENT of a Unix socket: its folder does not exist.
        Libc.EAddrNotAvail or Libc.ENoEntry => SocketError.AddressNotAvailable,
        Libc.EAfNoSupport => SocketError.AddressFamilyNotSupported,
        Libc.EAccess or Libc.EPerm => SocketError.AccessDenied,
        Libc.EMFile or Libc.ENFile => SocketError.TooManyOpenSockets,
        Libc.ENoBufs or Libc.ENoMem => SocketError.NoBufferSpaceAvailable,
        _ => SocketError.SocketError,
    };
}
