#if NET
using System.Buffers;
#endif

namespace PSSocketTools.Platform;

/// <summary>Byte buffers to borrow. .NET Framework has no pool in the box, and its garbage collector serves instead.</summary>
internal static class Pool
{
#if NET
    public static byte[] Rent(int atLeast) => ArrayPool<byte>.Shared.Rent(atLeast);

    public static void Return(byte[] buffer) => ArrayPool<byte>.Shared.Return(buffer);
#else
    public static byte[] Rent(int atLeast) => new byte[atLeast];

    public static void Return(byte[] buffer) => _ = buffer;
#endif
}
