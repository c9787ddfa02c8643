using System.Runtime.InteropServices;

namespace PSSocketTools.Platform;

/// <summary>What Windows reports of processes; null where this user may not know it, or the process has ended.</summary>
internal static class WindowsProcess
{
    private const int QueryLimitedInformation = 0x1000;
    private const int TokenQuery = 8;
    private const int TokenUser = 1;
    private const int PathCapacity = 32 * 1024;
    private const int NameCapacity = 1024;

    /// <summary>The path of a process's program.</summary>
    public static string? PathOf(int id) => Query(id, static process =>
    {
        var path = new char[PathCapacity];
        var length = path.Length;
        return QueryFullProcessImageName(process, 0, path, ref length) ? new string(path, 0, length) : null;
    });

    /// <summary>The user a process runs as: domain and name.</summary>
    public static string? UserOf(int id) => Query(id, static process =>
    {
        if (!OpenProcessToken(process, TokenQuery, out var token))
        {
            return null;
        }

        try
        {
            _ = GetTokenInformation(token, TokenUser, IntPtr.Zero, 0, out var size);
            var user = new byte[Math.Max(size, IntPtr.Size)];

            // TOKEN_USER begins with the pointer to the SID, which lies behind it in the same bytes: they must stay where they are.
            var pinned = GCHandle.Alloc(user, GCHandleType.Pinned);
            try
            {
                var address = pinned.AddrOfPinnedObject();
                return GetTokenInformation(token, TokenUser, address, user.Length, out _) ? NameOf(Marshal.ReadIntPtr(address)) : null;
            }
            finally
            {
                pinned.Free();
            }
        }
        finally
        {
            _ = CloseHandle(token);
        }
    });

    /// <summary>When a process started, in local time.</summary>
    public static DateTime? StartOf(int id) => Query<DateTime?>(id, static process =>
        GetProcessTimes(process, out var start, out _, out _, out _) ? DateTime.FromFileTime(start) : null);

    private static string? NameOf(IntPtr sid)
    {
        var name = new char[NameCapacity];
        var domain = new char[NameCapacity];
        var nameLength = name.Length;
        var domainLength = domain.Length;
        if (!LookupAccountSid(null, sid, name, ref nameLength, domain, ref domainLength, out _))
        {
            return null;
        }

        // Both lengths come back without the terminating null.
        var user = new string(name, 0, nameLength);
        return domainLength == 0 ? user : $"{new string(domain, 0, domainLength)}\\{user}";
    }

    private static T? Query<T>(int id, Func<IntPtr, T?> read)
    {
        var process = OpenProcess(QueryLimitedInformation, false, id);
        if (process == IntPtr.Zero)
        {
            return default;
        }

        try
        {
            return read(process);
        }
        finally
        {
            _ = CloseHandle(process);
        }
    }

    [DllImport("kernel32.dll")]
    private static extern IntPtr OpenProcess(int access, [MarshalAs(UnmanagedType.Bool)] bool inherit, int id);

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CloseHandle(IntPtr handle);

    [DllImport("kernel32.dll", EntryPoint = "QueryFullProcessImageNameW", CharSet = CharSet.Unicode)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool QueryFullProcessImageName(IntPtr process, int flags, [Out] char[] path, ref int length);

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetProcessTimes(IntPtr process, out long creation, out long exit, out long kernel, out long user);

    [DllImport("advapi32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool OpenProcessToken(IntPtr process, int access, out IntPtr token);

    [DllImport("advapi32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetTokenInformation(IntPtr token, int kind, IntPtr information, int capacity, out int size);

    [DllImport("advapi32.dll", EntryPoint = "LookupAccountSidW", CharSet = CharSet.Unicode)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool LookupAccountSid(
        string? computer, IntPtr sid, [Out] char[] name, ref int nameLength, [Out] char[] domain, ref int domainLength, out int use);
}
