using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>The process that stands for the kernel of Windows, and holds ports for others.</summary>
internal static class SystemProcess
{
    // "System" has this number since Windows XP.
    private const int Id = 4;

    /// <summary>For whom the process holds ports; null for every other process.</summary>
    public static string? Explain(int processId) => Explain(processId, HostSystem.IsWindows);

    /// <summary>For whom the process holds ports; null for every other process, and where this is not Windows.</summary>
    public static string? Explain(int processId, bool isWindows) => isWindows && processId == Id ? Messages.Get("PortHeldBySystem") : null;
}
