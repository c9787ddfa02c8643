#if NET
using System.Buffers.Binary;
#endif
using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>The length of a listening socket's accept queue, where the system tells.</summary>
internal static class ListenBacklog
{
    /// <summary>The number of connections that are established and not accepted yet, on all sockets of a server; null where it is not known.</summary>
    public static int? Waiting(IEnumerable<Socket> listeners)
    {
        var waiting = 0;
        foreach (var listener in listeners)
        {
            if (Waiting(listener) is not { } queued)
            {
                return null;
            }

            waiting += queued;
        }

        return waiting;
    }

    private static int? Waiting(Socket listener)
    {
#if NET
        const int UnackedAt = 24;
        if (OperatingSystem.IsLinux() && listener.ProtocolType == ProtocolType.Tcp)
        {
            // Of a listening socket, tcpi_unacked is the accept queue's length (Linux, tcp_get_info).
            Span<byte> info = stackalloc byte[UnackedAt + sizeof(int)];
            try
            {
                if (listener.GetRawSocketOption(Libc.SolTcp, Libc.TcpInfo, info) == info.Length)
                {
                    return BinaryPrimitives.ReadInt32LittleEndian(info[UnackedAt..]);
                }
            }
            catch (ObjectDisposedException)
            {
                // The listener failed, or the server stops meanwhile: no connection waits there any more.
                return 0;
            }
        }
#endif
        return null;
    }
}
