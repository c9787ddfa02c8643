using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>The send queue of a socket: what the peer has not acknowledged yet.</summary>
internal static unsafe class SendQueue
{
    /// <summary>How many bytes the peer has not acknowledged (over a Unix socket, not read); -1 where the system does not report it.</summary>
    /// <remarks>
    /// The kernel reports a socket as writable only when much of its buffer has drained, which can take a slow reader longer than
    /// an idle timeout: the queue shows that it reads at all.
    /// </remarks>
    public static int Bytes(Socket socket) => HostSystem.IsLinux ? Bytes((int)socket.Handle) : -1;

    /// <summary>The send queue of a descriptor on Linux (SIOCOUTQ, tcp(7) and unix(7)).</summary>
    public static int Bytes(int descriptor)
    {
        int bytes;
        return Libc.Control(descriptor, Libc.OutputQueueSize, &bytes) == 0 ? bytes : -1;
    }
}
