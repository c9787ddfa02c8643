using System.Runtime.InteropServices;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>Which file is at a path, whatever was there before: its device and its number on it.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Number)
{
    private const int AtCurrentDirectory = -100;
    private const int DoNotFollowLinks = 0x100;
    private const uint NumberWanted = 0x100;
    private const int StatSize = 256;
    private const int NumberAt = 32;
    private const int DeviceAt = 136;

    /// <summary>The file at a path; null where there is none, or the system is not Linux (statx(2), alike on all processors).</summary>
    public static unsafe FileIdentity? Of(string path)
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
        {
            return null;
        }

        var stat = stackalloc byte[StatSize];
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            return Libc.Stat(AtCurrentDirectory, name, DoNotFollowLinks, NumberWanted, stat) == 0
                ? new FileIdentity(*(uint*)(stat + DeviceAt), *(uint*)(stat + DeviceAt + sizeof(uint)), *(ulong*)(stat + NumberAt))
                : null;
        }
    }
}
