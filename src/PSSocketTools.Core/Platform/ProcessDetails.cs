using System.ComponentModel;
using System.Diagnostics;

namespace PSSocketTools.Platform;

/// <summary>What the system lets this user know of a process beside its name, cleaned for output.</summary>
internal sealed class ProcessDetails
{
    private ProcessDetails(string? path, string? userName, DateTime? startTime)
    {
        Path = OutsideText.Clean(path);
        UserName = OutsideText.Clean(userName);
        StartTime = startTime;
    }

    /// <summary>The path of its program; null where it is not known.</summary>
    public string? Path { get; }

    /// <summary>The user it runs as, on Windows with the domain; null where it is not known.</summary>
    public string? UserName { get; }

    /// <summary>When it started, in local time; null where it is not known.</summary>
    public DateTime? StartTime { get; }

    /// <summary>Reads the details of a process; none of one that has ended.</summary>
    public static ProcessDetails Read(int id)
    {
        if (HostSystem.IsWindows)
        {
            return new ProcessDetails(WindowsProcess.PathOf(id), WindowsProcess.UserOf(id), WindowsProcess.StartOf(id));
        }

        return HostSystem.IsLinux
            ? new ProcessDetails(LinuxProcess.PathOf(id), LinuxProcess.UserOf(id) is { } user ? UnixUser.TextOf(user) : null, Ask(id, static one => (DateTime?)one.StartTime))
            : new ProcessDetails(Ask(id, static one => one.MainModule?.FileName), null, Ask(id, static one => (DateTime?)one.StartTime));
    }

    private static T? Ask<T>(int id, Func<Process, T?> read)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return read(process);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception or NotSupportedException or IOException)
        {
            // It has ended, or is another user's, or there is no descriptor to ask with.
            return default;
        }
    }
}
