using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>What Linux reports of processes, in /proc (proc(5)).</summary>
internal static unsafe class LinuxProcess
{
    // The kernel cuts the name that a process has for it: TASK_COMM_LEN, without its NUL.
    private const int KernelNameLength = 15;

    private const int PathCapacity = 4096;

    /// <summary>A process's name, as ps shows it: the kernel's, or where that is cut, the program's as it was started.</summary>
    /// <param name="folder">Its folder in /proc.</param>
    public static string NameOf(string folder)
    {
        var name = File.ReadAllText(folder + "/comm").TrimEnd('\n');
        if (Encoding.UTF8.GetByteCount(name) < KernelNameLength)
        {
            return name;
        }

        var command = File.ReadAllText(folder + "/cmdline").Split('\0')[0];
        var program = command[(command.LastIndexOf('/') + 1)..];
        return program.StartsWith(name, StringComparison.Ordinal) ? program : name;
    }

    /// <summary>The path of a process's program; null where this user may not know it. " (deleted)" follows that of a file that is gone.</summary>
    public static string? PathOf(int id) => LinkTarget(string.Format(CultureInfo.InvariantCulture, "/proc/{0}/exe", id));

    /// <summary>The effective user of a process; null where the process has ended, or this user may not know it.</summary>
    public static long? UserOf(int id)
    {
        const string Field = "Uid:";
        try
        {
            // The real, the effective, the saved and the file system's user.
            var line = File.ReadLines(string.Format(CultureInfo.InvariantCulture, "/proc/{0}/status", id))
                .First(static one => one.StartsWith(Field, StringComparison.Ordinal));
            return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[2], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>What a symbolic link leads to; null where there is none, or this user may not know.</summary>
    public static string? LinkTarget(string path) => LinkTarget(path, out _);

    /// <summary>What a symbolic link leads to; null where there is none, or this user may not know.</summary>
    /// <param name="path">The link's path.</param>
    /// <param name="isDenied">Whether this user may not know.</param>
    public static string? LinkTarget(string path, out bool isDenied)
    {
        var target = stackalloc byte[PathCapacity];
        int length;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            length = (int)Libc.ReadLink(name, target, PathCapacity);
        }

        isDenied = length < 0 && Marshal.GetLastWin32Error() == Libc.EAccess;
        return length < 0 ? null : Encoding.UTF8.GetString(target, length);
    }
}
