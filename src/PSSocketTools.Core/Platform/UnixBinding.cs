#if NET
using System.Runtime.InteropServices;
#endif
using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>Binds Unix domain sockets to their paths, and closes these to other users.</summary>
internal static class UnixBinding
{
    /// <summary>Makes a socket and binds it to a path.</summary>
    /// <remarks>
    /// When .NET closes a socket that it bound, it deletes the file at its path, even if that belongs to another socket by then.
    /// To avoid that, the socket is bound by a system call.
    /// </remarks>
    /// <param name="endPoint">The path.</param>
    /// <param name="leavesFile">Whether the file stays when the socket is closed; supported only on Linux.</param>
    /// <exception cref="SocketException">The path can't be bound.</exception>
    public static Socket Bind(EndPoint endPoint, bool leavesFile)
    {
#if NET
        if (leavesFile)
        {
            return BindOnLinux(endPoint.Serialize());
        }
#endif
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(endPoint);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Allows only the owner of a socket's file to connect (mode 0600), on systems with mode bits.</summary>
    public static void CloseToOthers(string path)
    {
#if NET
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
#else
        _ = path;
#endif
    }

#if NET
    private static unsafe Socket BindOnLinux(SocketAddress address)
    {
        var descriptor = Libc.Socket(Libc.FamilyUnix, Libc.SockStream | Libc.SockCloseOnExec, 0);
        var owner = new SafeSocketHandle(descriptor, ownsHandle: true);
        int result;
        fixed (byte* bytes = address.Buffer.Span)
        {
            result = descriptor < 0 ? descriptor : Libc.Bind(descriptor, bytes, address.Size);
        }

        if (result == 0)
        {
            return new Socket(owner);
        }

        var error = Marshal.GetLastPInvokeError();
        owner.Dispose();
        throw new LinuxSocketException(error);
    }
#endif
}
