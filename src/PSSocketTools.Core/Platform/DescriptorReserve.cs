using System.Runtime.InteropServices;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>
/// Keeps a server's clients from taking the process's last descriptors: without any, .NET can load no assembly, and some of
/// what it can't do ends the process. The system gives out the lowest free number, so that a high one tells of few that are left.
/// </summary>
/// <param name="limit">How many descriptors the process may have.</param>
internal sealed class DescriptorReserve(int limit)
{
    private const int Kept = 32;

    private static readonly byte[] NullDevice = Encoding.ASCII.GetBytes("/dev/null\0");

    // The numbers from here on are kept; fewer where there are few at all.
    private readonly int _first = limit - Math.Min(Kept, limit / 4);
    private int _last;

    public DescriptorReserve()
        : this(DescriptorLimit.Most)
    {
    }

    /// <summary>How many descriptors the process may have.</summary>
    public int Limit => limit;

    /// <summary>A client was let in, with this descriptor.</summary>
    public void Took(IntPtr descriptor) => _last = limit == int.MaxValue ? 0 : descriptor.ToInt32();

    /// <summary>Whether one more client leaves the reserve alone; it costs a system call only while it is touched.</summary>
    public bool HasRoom()
    {
        if (_last < _first)
        {
            return true;
        }

        if (LowestFree() >= _first)
        {
            return false;
        }

        _last = 0;
        return true;
    }

    private static unsafe int LowestFree()
    {
        fixed (byte* path = NullDevice)
        {
            var flags = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? Libc.OpenCloseOnExecLinux : Libc.OpenCloseOnExecMac;
            var descriptor = Libc.Open(path, flags);
            if (descriptor < 0)
            {
                return int.MaxValue;
            }

            _ = Libc.Close(descriptor);
            return descriptor;
        }
    }
}
