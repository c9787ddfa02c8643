using System.Runtime.InteropServices;

namespace PSSocketTools.Platform;

/// <summary>The system that this process runs on. What differs by it asks here, but where the compiler checks that an API is there.</summary>
internal static class HostSystem
{
    public static bool IsWindows { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    public static bool IsLinux { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    public static bool IsMac { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.OSX);
}
