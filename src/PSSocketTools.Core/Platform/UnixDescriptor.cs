using Microsoft.Win32.SafeHandles;

namespace PSSocketTools.Platform;

/// <summary>Owns a descriptor of Linux or macOS, and closes it exactly once.</summary>
internal sealed class UnixDescriptor : SafeHandleMinusOneIsInvalid
{
    public UnixDescriptor(int descriptor)
        : base(ownsHandle: true) => SetHandle((IntPtr)descriptor);

    /// <summary>The number, for system calls while the descriptor can't be closed.</summary>
    public int Number => (int)handle;

    /// <summary>Has the close of a socket reset its connection (RST) instead of ending it in order (SO_LINGER on, with a timeout of zero).</summary>
    public static unsafe void SetResetOnClose(int descriptor)
    {
        var linger = stackalloc int[] { 1, 0 };
        _ = Libc.SetSocketOption(descriptor, Libc.SolSocket, Libc.SoLinger, linger, 2 * sizeof(int));
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
