using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>
/// Waits for readable sockets to the microsecond, where .NET's own waits count in milliseconds: poll(2) and select(2) there, ppoll(2)
/// here.
/// </summary>
internal static unsafe class ExactPoll
{
    // The layout of struct timespec is sure where long has 64 bits.
    public static bool IsSupported { get; } = HostSystem.IsLinux && IntPtr.Size == 8;

    /// <summary>Waits until one of the sockets is readable or has failed, or the time has passed, or a signal came.</summary>
    /// <param name="one">A socket.</param>
    /// <param name="other">Another; null for none.</param>
    /// <param name="until">When the wait ends: a <see cref="Clock.Timestamp"/>.</param>
    public static void Wait(Socket one, Socket? other, long until)
    {
        var (seconds, nanoseconds) = Clock.Split(Math.Max(0, until - Clock.System.Timestamp));
        var time = new Libc.TimeSpec { Seconds = seconds, Nanoseconds = nanoseconds };
        var entries = stackalloc Libc.PollEntry[2];
        entries[0] = new Libc.PollEntry { Descriptor = (int)one.Handle, Wanted = Libc.PollIn };
        if (other is not null)
        {
            entries[1] = new Libc.PollEntry { Descriptor = (int)other.Handle, Wanted = Libc.PollIn };
        }

        // An error here is one that the next read meets as well.
        _ = Libc.PollFor(entries, other is null ? 1u : 2u, &time, null);
    }
}
