using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>The services of Windows that run, by process: one process may run several, such as svchost.</summary>
internal static class WindowsServices
{
    private const int EnumerateServices = 4;
    private const int ProcessInformation = 0;
    private const int Win32Services = 0x30;
    private const int Active = 1;
    private const int MoreData = 234;
    private const int AccessDenied = 5;

    // One call gives 256 KB at most (EnumServicesStatusEx).
    private const int Capacity = 256 * 1024;

    // SERVICE_STATUS_PROCESS has nine numbers, the process the eighth.
    private const int ProcessField = 7;
    private const int StatusSize = 9 * sizeof(int);

    /// <summary>The names of each process's services, between commas; nothing where this user may not list services.</summary>
    public static IReadOnlyDictionary<int, string> Read()
    {
        var services = new List<(int ProcessId, string Name)>();
        var manager = OpenSCManager(null, null, EnumerateServices);
        if (manager == IntPtr.Zero)
        {
            return Join(services);
        }

        var table = new byte[Capacity];
        var pinned = GCHandle.Alloc(table, GCHandleType.Pinned);
        try
        {
            var next = 0;
            bool isLast;
            do
            {
                isLast = EnumServicesStatusEx(
                    manager, ProcessInformation, Win32Services, Active, pinned.AddrOfPinnedObject(), Capacity, out _, out var count, ref next, null);
                var error = isLast ? 0 : Marshal.GetLastWin32Error();
                if (error == AccessDenied)
                {
                    break;
                }

                if (error is not (0 or MoreData))
                {
                    throw new Win32Exception(error);
                }

                services.AddRange(Parse(table, pinned.AddrOfPinnedObject().ToInt64(), count, IntPtr.Size));
            }
            while (!isLast);
        }
        finally
        {
            pinned.Free();
            _ = CloseServiceHandle(manager);
        }

        return Join(services);
    }

    /// <summary>Parses a table of ENUM_SERVICE_STATUS_PROCESSW: pointers to both names, which lie behind the entries in the same bytes, then the status.</summary>
    /// <param name="table">The bytes.</param>
    /// <param name="address">Where the bytes were when the pointers were written.</param>
    /// <param name="count">How many entries there are.</param>
    /// <param name="pointerSize">4 or 8.</param>
    public static IEnumerable<(int ProcessId, string Name)> Parse(byte[] table, long address, int count, int pointerSize)
    {
        // An entry is aligned as its pointers are.
        var size = ((2 * pointerSize) + StatusSize + pointerSize - 1) / pointerSize * pointerSize;
        for (var i = 0; i < count; i++)
        {
            var at = i * size;
            var name = (pointerSize == sizeof(long) ? BitConverter.ToInt64(table, at) : BitConverter.ToUInt32(table, at)) - address;
            yield return (BitConverter.ToInt32(table, at + (2 * pointerSize) + (ProcessField * sizeof(int))), TextAt(table, (int)name));
        }
    }

    private static string TextAt(byte[] table, int at)
    {
        var end = at;
        while (table[end] != 0 || table[end + 1] != 0)
        {
            end += 2;
        }

        return Encoding.Unicode.GetString(table, at, end - at);
    }

    private static Dictionary<int, string> Join(IEnumerable<(int ProcessId, string Name)> services) => services
        .GroupBy(static one => one.ProcessId, static one => one.Name)
        .ToDictionary(static group => group.Key, static group => OutsideText.Clean(string.Join(", ", group.OrderBy(static name => name, StringComparer.OrdinalIgnoreCase)))!);

    [DllImport("advapi32.dll", EntryPoint = "OpenSCManagerW", CharSet = CharSet.Unicode, SetLastError = true)]
    private static extern IntPtr OpenSCManager(string? machine, string? database, int access);

    [DllImport("advapi32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CloseServiceHandle(IntPtr handle);

    [DllImport("advapi32.dll", EntryPoint = "EnumServicesStatusExW", CharSet = CharSet.Unicode, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool EnumServicesStatusEx(
        IntPtr manager, int level, int type, int state, IntPtr services, int capacity, out int needed, out int count, ref int next, string? group);
}
