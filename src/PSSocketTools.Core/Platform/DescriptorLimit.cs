using System.Runtime.InteropServices;

namespace PSSocketTools.Platform;

/// <summary>How many more files and sockets this process may open.</summary>
internal static unsafe class DescriptorLimit
{
    // What a running PowerShell may open meanwhile: assemblies, pipes, a server's connections.
    private const int Reserve = 32;

    private static bool IsLinux { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    private static bool IsMac { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.OSX);

    /// <summary>How many it may have in all; the greatest number where there is no limit, as on Windows.</summary>
    public static int Most
    {
        get
        {
            if (!IsLinux && !IsMac)
            {
                return int.MaxValue;
            }

            var limits = stackalloc ulong[2];
            return Libc.GetResourceLimit(IsLinux ? Libc.LimitOpenFilesLinux : Libc.LimitOpenFilesMac, limits) != 0 || limits[0] > int.MaxValue
                ? int.MaxValue
                : (int)limits[0];
        }
    }

    /// <summary>At least one, so that whoever asks can go on, if slowly; Windows has no such limit.</summary>
    public static int Available()
    {
        var most = Most;
        if (most == int.MaxValue)
        {
            return most;
        }

        var open = Directory.EnumerateFileSystemEntries(IsLinux ? "/proc/self/fd" : "/dev/fd").Count();
        return Math.Max(most - open - Reserve, 1);
    }

    /// <summary>Whether no descriptor is left, told by asking for one.</summary>
    public static bool IsReached() => Try() is Libc.EMFile or Libc.ENFile;

    /// <summary>Whether the whole system, and not this process alone, has no descriptor left (ENFILE), told in the same way.</summary>
    public static bool IsSystemExhausted() => Try() == Libc.ENFile;

    private static int Try()
    {
        if (!IsLinux && !IsMac)
        {
            return 0;
        }

        var descriptor = Libc.Socket(Libc.FamilyInet, IsLinux ? Libc.SockDatagram | Libc.SockCloseOnExec : Libc.SockDatagram, 0);
        if (descriptor < 0)
        {
            return Marshal.GetLastWin32Error();
        }

        _ = Libc.Close(descriptor);
        return 0;
    }
}
