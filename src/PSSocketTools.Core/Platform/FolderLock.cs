using System.Runtime.InteropServices;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>
/// Serializes how servers check, replace and remove a socket's path in a folder: within this process by a lock, between processes
/// by an advisory lock on the folder itself (flock(2)), which leaves no file behind.
/// </summary>
/// <remarks>
/// When the folder can't be opened or locked, or another process holds the lock for longer than a second, the server continues
/// without the lock, since not starting would be worse. Windows has no such lock on folders.
/// </remarks>
internal sealed class FolderLock : IDisposable
{
    private const int RetryMilliseconds = 5;
    private static readonly TimeSpan AcquireTimeout = TimeSpan.FromSeconds(1);
    private static readonly object OwnProcess = new();

    private readonly int _descriptor;

    private FolderLock(int descriptor) => _descriptor = descriptor;

    /// <summary>Acquires the lock of the folder of a path; the same thread must release it.</summary>
    public static FolderLock Acquire(string path)
    {
        Monitor.Enter(OwnProcess);
        try
        {
            return new FolderLock(Open(path));
        }
        catch
        {
            Monitor.Exit(OwnProcess);
            throw;
        }
    }

    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            // A child process being started shares the lock until it closes its copy of the descriptor; LOCK_UN releases it at once.
            _ = Libc.Lock(_descriptor, Libc.LockRelease);
            _ = Libc.Close(_descriptor);
        }

        Monitor.Exit(OwnProcess);
    }

    /// <summary>The descriptor that holds the lock; -1 where there is none.</summary>
    private static unsafe int Open(string path)
    {
        if (HostSystem.IsWindows)
        {
            return -1;
        }

        var flags = HostSystem.IsLinux ? Libc.OpenCloseOnExecLinux : Libc.OpenCloseOnExecMac;
        var folder = Path.GetDirectoryName(path) is { Length: > 0 } name ? name : path.StartsWith("/", StringComparison.Ordinal) ? "/" : ".";
        int descriptor;
        fixed (byte* bytes = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            do
            {
                descriptor = Libc.Open(bytes, flags);
            }
            while (descriptor < 0 && Marshal.GetLastWin32Error() == Libc.EIntr);
        }

        if (descriptor < 0)
        {
            return -1;
        }

        var deadline = Deadline.AfterLimit(AcquireTimeout);
        var wouldBlock = HostSystem.IsLinux ? Libc.EAgain : Libc.EWouldBlockMac;
        while (Libc.Lock(descriptor, Libc.LockExclusive | Libc.LockWithoutWaiting) != 0)
        {
            var error = Marshal.GetLastWin32Error();
            if (error == Libc.EIntr)
            {
                continue;
            }

            if (error != wouldBlock || deadline.HasPassed)
            {
                _ = Libc.Close(descriptor);
                return -1;
            }

            // There is no event for a lock that becomes free, and flock(2) without LOCK_NB has no time limit.
            Thread.Sleep(RetryMilliseconds);
        }

        return descriptor;
    }
}
