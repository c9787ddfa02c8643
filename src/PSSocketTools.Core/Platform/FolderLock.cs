using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>
/// Lets one server at a time look at, replace or remove a socket's path in a folder: of this process by a lock of its own, of
/// several processes by an advisory lock on the folder itself (flock(2)), which leaves no file behind.
/// </summary>
/// <remarks>
/// Where the folder can't be opened or locked, or another process keeps the lock for longer than a second, it does without:
/// a server that does not start because of a lock would be worse. Windows has no such lock on folders.
/// </remarks>
internal sealed class FolderLock : IDisposable
{
    private const int RetryMilliseconds = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly object OwnProcess = new();

    private readonly int _descriptor;

    private FolderLock(int descriptor) => _descriptor = descriptor;

    /// <summary>Takes the lock of the folder that a path is in; the thread that takes it gives it back.</summary>
    public static FolderLock Of(string path)
    {
        Monitor.Enter(OwnProcess);
        try
        {
            return new FolderLock(Take(path));
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
            // A process that is being started shares the lock until it closes its copy of the descriptor; this ends it now.
            _ = Libc.Lock(_descriptor, Libc.LockRelease);
            _ = Libc.Close(_descriptor);
        }

        Monitor.Exit(OwnProcess);
    }

    /// <summary>The descriptor that holds the lock; -1 where there is none.</summary>
    private static unsafe int Take(string path)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            return -1;
        }

        var flags = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? Libc.OpenCloseOnExecLinux : Libc.OpenCloseOnExecMac;
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

        var clock = Stopwatch.StartNew();
        var wouldBlock = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? Libc.EAgain : Libc.EWouldBlockMac;
        while (Libc.Lock(descriptor, Libc.LockExclusive | Libc.LockWithoutWaiting) != 0)
        {
            var error = Marshal.GetLastWin32Error();
            if (error == Libc.EIntr)
            {
                continue;
            }

            if (error != wouldBlock || clock.Elapsed > Patience)
            {
                _ = Libc.Close(descriptor);
                return -1;
            }

            // No event tells when a lock becomes free, and a wait for it without LOCK_NB has no time limit.
            Thread.Sleep(RetryMilliseconds);
        }

        return descriptor;
    }
}
