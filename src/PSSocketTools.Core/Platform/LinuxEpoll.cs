using System.ComponentModel;
using System.Runtime.InteropServices;

namespace PSSocketTools.Platform;

/// <summary>An epoll set that one thread waits on, and an eventfd to wake it.</summary>
internal sealed unsafe class LinuxEpoll : IDisposable
{
    /// <summary>The largest size of an entry, in bytes: <see cref="Wait"/> needs as much for each.</summary>
    public const int MaxEntryBytes = 16;

    private readonly UnixDescriptor _epoll;
    private readonly UnixDescriptor _wake;
    private readonly object _waking = new();
    private bool _disposed;

    /// <exception cref="Win32Exception">The system has no descriptor left.</exception>
    public LinuxEpoll()
    {
        _epoll = Own(Libc.EpollCreate(Libc.EpollCloseOnExec));
        try
        {
            _wake = Own(Libc.EventDescriptor(0, Libc.EventNonBlockingCloseOnExec));
        }
        catch (Win32Exception)
        {
            _epoll.Dispose();
            throw;
        }

        if (!TryAdd(_wake.Number, Libc.EpollIn))
        {
            var error = Marshal.GetLastWin32Error();
            Dispose();
            throw new Win32Exception(error);
        }
    }

    /// <summary>Whether this is Linux, on a processor whose constants <see cref="Libc"/> has, with a C library that has the calls.</summary>
    public static bool IsSupported { get; } = HostSystem.IsLinux
        && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64
        && HasCalls();

    // struct epoll_event is packed on x64 alone.
    private static int EntrySize { get; } = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : MaxEntryBytes;

    private static int EntryData { get; } = EntrySize - 8;

    /// <summary>The descriptor of the epoll set.</summary>
    public int Descriptor => _epoll.Number;

    /// <summary>Adds a descriptor to the set, until it is closed or removed.</summary>
    /// <returns>False with the system's last error set.</returns>
    public bool TryAdd(int descriptor, int events)
    {
        var entry = stackalloc byte[MaxEntryBytes];
        *(int*)entry = events;
        *(long*)(entry + EntryData) = descriptor;
        return Libc.EpollControl(_epoll.Number, Libc.EpollAdd, descriptor, entry) == 0;
    }

    /// <summary>Removes a descriptor from the set.</summary>
    public void Remove(int descriptor)
    {
        var entry = stackalloc byte[MaxEntryBytes];
        _ = Libc.EpollControl(_epoll.Number, Libc.EpollDelete, descriptor, entry);
    }

    /// <summary>Waits for events.</summary>
    /// <param name="entries">Gets the events.</param>
    /// <param name="capacity">How many entries there is room for.</param>
    /// <param name="milliseconds">How long to wait at most; -1 without a limit.</param>
    /// <returns>The number of entries; 0 when the wait timed out or was interrupted.</returns>
    /// <exception cref="Win32Exception">The epoll descriptor is no longer valid.</exception>
    public int Wait(byte* entries, int capacity, int milliseconds)
    {
        var count = Libc.EpollWait(_epoll.Number, entries, capacity, milliseconds);
        if (count >= 0)
        {
            return count;
        }

        var error = Marshal.GetLastWin32Error();
        return error == Libc.EIntr ? 0 : throw new Win32Exception(error);
    }

    /// <summary>The descriptor of an entry.</summary>
    public static int DescriptorOf(byte* entries, int index) => *(int*)(entries + (index * EntrySize) + EntryData);

    /// <summary>The events of an entry.</summary>
    public static int EventsOf(byte* entries, int index) => *(int*)(entries + (index * EntrySize));

    /// <summary>Whether a descriptor is the eventfd that wakes the thread; if so, it is reset.</summary>
    public bool TakeWake(int descriptor)
    {
        if (descriptor != _wake.Number)
        {
            return false;
        }

        ulong value;
        _ = Libc.Read(descriptor, (byte*)&value, sizeof(ulong));
        return true;
    }

    /// <summary>Ends the current wait, or else the next one. From any thread, and after disposal too.</summary>
    public void Wake()
    {
        lock (_waking)
        {
            if (!_disposed)
            {
                var one = 1UL;
                _ = Libc.Write(_wake.Number, (byte*)&one, sizeof(ulong));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_waking)
        {
            _disposed = true;
            _wake.Dispose();
            _epoll.Dispose();
        }
    }

    private static UnixDescriptor Own(int descriptor) =>
        descriptor >= 0 ? new UnixDescriptor(descriptor) : throw new Win32Exception(Marshal.GetLastWin32Error());

    private static bool HasCalls()
    {
        try
        {
            // The descriptors are invalid: this only tests whether the functions exist.
            _ = Libc.Accept(-1, null, null, 0);
            _ = Libc.EpollWait(-1, null, 0, 0);
            _ = Libc.EventDescriptor(0, -1);
            return true;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }
}
