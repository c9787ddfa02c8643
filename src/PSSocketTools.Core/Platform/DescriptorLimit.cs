using System.Runtime.InteropServices;

namespace PSSocketTools.Platform;

/// <summary>How many more files and sockets this process may open.</summary>
internal static unsafe class DescriptorLimit
{
    /// <summary>The limit on open descriptors; int.MaxValue where there is none, as on Windows.</summary>
    public static int Limit
    {
        get
        {
            if (!HostSystem.IsLinux && !HostSystem.IsMac)
            {
                return int.MaxValue;
            }

            var limits = stackalloc ulong[2];
            return Libc.GetResourceLimit(HostSystem.IsLinux ? Libc.LimitOpenFilesLinux : Libc.LimitOpenFilesMac, limits) != 0 || limits[0] > int.MaxValue
                ? int.MaxValue
                : (int)limits[0];
        }
    }

    /// <summary>How many more descriptors may be opened beside the <see cref="DescriptorReserve"/>; at least one, so that the caller makes progress.</summary>
    public static int Available()
    {
        var limit = Limit;
        if (limit == int.MaxValue)
        {
            return limit;
        }

        var open = Directory.EnumerateFileSystemEntries(HostSystem.IsLinux ? "/proc/self/fd" : "/dev/fd").Count();
        return Math.Max(limit - open - DescriptorReserve.Size, 1);
    }

    /// <summary>Whether no descriptor is left, tested by opening one.</summary>
    public static bool IsReached() => Try() is Libc.EMFile or Libc.ENFile;

    /// <summary>Whether the whole system, and not only this process, has no descriptor left (ENFILE), tested by opening one.</summary>
    public static bool IsSystemExhausted() => Try() == Libc.ENFile;

    private static int Try()
    {
        if (!HostSystem.IsLinux && !HostSystem.IsMac)
        {
            return 0;
        }

        var descriptor = Libc.Socket(Libc.FamilyInet, HostSystem.IsLinux ? Libc.SockDatagram | Libc.SockCloseOnExec : Libc.SockDatagram, 0);
        if (descriptor < 0)
        {
            return Marshal.GetLastWin32Error();
        }

        _ = Libc.Close(descriptor);
        return 0;
    }
}
