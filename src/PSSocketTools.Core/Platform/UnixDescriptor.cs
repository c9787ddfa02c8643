using Microsoft.Win32.SafeHandles;

namespace PSSocketTools.Platform;

/// <summary>Owns a Linux descriptor, and closes it exactly once.</summary>
internal sealed class UnixDescriptor : SafeHandleMinusOneIsInvalid
{
    public UnixDescriptor(int descriptor)
        : base(ownsHandle: true) => SetHandle((IntPtr)descriptor);

    /// <summary>The number, for system calls while the descriptor can't be closed.</summary>
    public int Number => (int)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
