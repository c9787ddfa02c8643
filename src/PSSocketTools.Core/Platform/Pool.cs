#if NET
using System.Buffers;
#endif

namespace PSSocketTools.Platform;

/// <summary>A pool of byte buffers. .NET Framework has none, so that this implements a small one.</summary>
internal static class Pool
{
#if NET
    public static byte[] Rent(int atLeast) => ArrayPool<byte>.Shared.Rent(atLeast);

    public static void Return(byte[] buffer) => ArrayPool<byte>.Shared.Return(buffer);
#else
    // Only buffers of the usual receive size are kept; others are left to the garbage collector.
    private const int PooledLength = 65536;
    private const int MaxPooled = 32;

    private static readonly Stack<byte[]> Idle = new();

    public static byte[] Rent(int atLeast)
    {
        if (atLeast == PooledLength)
        {
            lock (Idle)
            {
                if (Idle.Count > 0)
                {
                    return Idle.Pop();
                }
            }
        }

        return new byte[atLeast];
    }

    public static void Return(byte[] buffer)
    {
        if (buffer.Length == PooledLength)
        {
            lock (Idle)
            {
                if (Idle.Count < MaxPooled)
                {
                    Idle.Push(buffer);
                }
            }
        }
    }
#endif
}
