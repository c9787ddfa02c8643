using Microsoft.Win32.SafeHandles;

namespace PSSocketTools.Platform;

/// <summary>Owns a descriptor of Linux: closed once, whatever happens to its user.</summary>
internal sealed class LinuxDescriptor : SafeHandleMinusOneIsInvalid
{
    public LinuxDescriptor(int descriptor)
        : base(ownsHandle: true) => SetHandle((IntPtr)descriptor);

    /// <summary>Its number, for calls while nobody else can close it.</summary>
    public int Number => (int)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
