using System.Management.Automation.Host;

namespace PSSocketTools.Views;

/// <summary>What hosts without a window (jobs, services, some editors) do when they are asked for it.</summary>
internal static class HostWindow
{
    /// <summary>Whether an exception says that the host, or the process, has no window or console.</summary>
    public static bool IsMissing(Exception exception) =>
        exception is HostException or NotImplementedException or NotSupportedException or InvalidOperationException or IOException;
}
