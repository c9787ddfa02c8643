#if NET
using System.Buffers.Binary;
#endif
using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>The accept queue of listening sockets, where the system reports its length.</summary>
internal static class AcceptQueue
{
    /// <summary>The number of connections that are established and not accepted yet, on all sockets of a server; null where it is not known.</summary>
    public static int? Length(IEnumerable<Socket> listeners)
    {
        var length = 0;
        foreach (var listener in listeners)
        {
            if (Length(listener) is not { } queued)
            {
                return null;
            }

            length += queued;
        }

        return length;
    }

    private static int? Length(Socket listener)
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
