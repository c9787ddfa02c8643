using System.Net.Sockets;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>
/// Prevents a server's clients from using up the process's last descriptors: without any, .NET can load no assembly, and some
/// failures end the process. The system assigns the lowest free number, so that a high number shows that few are left.
/// </summary>
/// <param name="limit">The limit on open descriptors of the process.</param>
internal sealed class DescriptorReserve(int limit)
{
    /// <summary>How many descriptors are left for what the program opens meanwhile: assemblies, pipes, files.</summary>
    public const int Size = 32;

    private static readonly object Opening = new();

    private static readonly byte[] NullDevice = Encoding.ASCII.GetBytes("/dev/null\0");

    // The first number of the reserve, which is smaller when the limit is low.
    private readonly int _firstReserved = FirstReserved(limit);
    private int _lastOpened;

    public DescriptorReserve()
        : this(DescriptorLimit.Limit)
    {
    }

    /// <summary>The limit on open descriptors of the process.</summary>
    public int Limit => limit;

    /// <summary>Opens a descriptor that a server holds while it runs, if <see cref="RequireRoomForServer()"/> allows it.</summary>
    /// <param name="open">Opens the descriptor; must not block.</param>
    /// <exception cref="SocketException">TooManyOpenSockets.</exception>
    public static T ForServer<T>(Func<T> open)
    {
        // One thread opens at a time, since two that check before either opens could both use the last free number.
        lock (Opening)
        {
            RequireRoomForServer();
            return open();
        }
    }

    /// <summary>
    /// Throws unless enough descriptors are left for clients: a server that listens with the last of them could accept no connection.
    /// </summary>
    /// <exception cref="SocketException">TooManyOpenSockets: too few descriptors are left.</exception>
    public static void RequireRoomForServer() => RequireRoomForServer(DescriptorLimit.Limit);

    /// <summary>Throws unless enough descriptors of such a limit are left.</summary>
    internal static void RequireRoomForServer(int limit)
    {
        if (limit != int.MaxValue && LowestFree() >= limit - (2 * (limit - FirstReserved(limit))))
        {
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
    }

    /// <summary>Records the descriptor of a socket that was opened or accepted: <see cref="HasRoom"/> goes by the last one.</summary>
    public void Opened(IntPtr descriptor) => _lastOpened = limit == int.MaxValue ? 0 : descriptor.ToInt32();

    /// <summary>Whether one more connection leaves the reserve free; this takes a system call only when the last descriptor was in the reserve.</summary>
    public bool HasRoom()
    {
        if (_lastOpened < _firstReserved)
        {
            return true;
        }

        if (LowestFree() >= _firstReserved)
        {
            return false;
        }

        _lastOpened = 0;
        return true;
    }

    private static int FirstReserved(int limit) => limit - Math.Min(Size, limit / 4);

    private static unsafe int LowestFree()
    {
        fixed (byte* path = NullDevice)
        {
            var flags = HostSystem.IsLinux ? Libc.OpenCloseOnExecLinux : Libc.OpenCloseOnExecMac;
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
