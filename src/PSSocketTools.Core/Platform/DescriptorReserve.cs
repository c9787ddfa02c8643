using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>
/// Keeps a server's clients from taking the process's last descriptors: without any, .NET can load no assembly, and some of
/// what it can't do ends the process. The system gives out the lowest free number, so that a high one tells of few that are left.
/// </summary>
/// <param name="limit">How many descriptors the process may have.</param>
internal sealed class DescriptorReserve(int limit)
{
    private const int Kept = 32;

    private static readonly object Opening = new();

    private static readonly byte[] NullDevice = Encoding.ASCII.GetBytes("/dev/null\0");

    // The numbers from here on are kept; fewer where there are few at all.
    private readonly int _first = FirstKept(limit);
    private int _last;

    public DescriptorReserve()
        : this(DescriptorLimit.Most)
    {
    }

    /// <summary>How many descriptors the process may have.</summary>
    public int Limit => limit;

    /// <summary>Opens a socket, or its like, that a server holds while it runs, where <see cref="RequireRoomForServer()"/> allows it.</summary>
    /// <param name="open">Opens it, without a wait.</param>
    /// <exception cref="SocketException">TooManyOpenSockets.</exception>
    public static T ForServer<T>(Func<T> open)
    {
        // One at a time, since two that look before either opens would take the same place.
        lock (Opening)
        {
            RequireRoomForServer();
            return open();
        }
    }

    /// <summary>
    /// Leaves a server's clients as many descriptors as the process keeps: one that listens with the last of them could accept nobody.
    /// </summary>
    /// <exception cref="SocketException">TooManyOpenSockets: only those that are left alone remain.</exception>
    public static void RequireRoomForServer() => RequireRoomForServer(DescriptorLimit.Most);

    /// <summary>The same, for a process that may have so many.</summary>
    internal static void RequireRoomForServer(int limit)
    {
        if (limit != int.MaxValue && LowestFree() >= limit - (2 * (limit - FirstKept(limit))))
        {
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
    }

    /// <summary>A client was let in, with this descriptor.</summary>
    public void Took(IntPtr descriptor) => _last = limit == int.MaxValue ? 0 : descriptor.ToInt32();

    /// <summary>Whether one more client leaves the reserve alone; it costs a system call only while it is touched.</summary>
    public bool HasRoom()
    {
        if (_last < _first)
        {
            return true;
        }

        if (LowestFree() >= _first)
        {
            return false;
        }

        _last = 0;
        return true;
    }

    private static int FirstKept(int limit) => limit - Math.Min(Kept, limit / 4);

    private static unsafe int LowestFree()
    {
        fixed (byte* path = NullDevice)
        {
            var flags = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? Libc.OpenCloseOnExecLinux : Libc.OpenCloseOnExecMac;
            var descriptor = Libc.Open(path, flags);
            if (descriptor < 0)
            {
                return int.MaxValue;
            }

            _ = Libc.Close(descriptor);
            return descriptor;
        }
    }
}
