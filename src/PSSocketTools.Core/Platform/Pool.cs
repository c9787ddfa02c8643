#if NET
using System.Buffers;
#endif

namespace PSSocketTools.Platform;

/// <summary>Byte buffers to borrow. .NET Framework has no pool in the box, so that there is a small one here.</summary>
internal static class Pool
{
#if NET
    public static byte[] Rent(int atLeast) => ArrayPool<byte>.Shared.Rent(atLeast);

    public static void Return(byte[] buffer) => ArrayPool<byte>.Shared.Return(buffer);
#else
    // Buffers of the size a receive usually takes are kept; the garbage collector serves for the rest.
    private const int Kept = 65536;
    private const int MostKept = 32;

    private static readonly Stack<byte[]> Idle = new();

    public static byte[] Rent(int atLeast)
    {
        if (atLeast == Kept)
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
        if (buffer.Length == Kept)
        {
            lock (Idle)
            {
                if (Idle.Count < MostKept)
                {
                    Idle.Push(buffer);
                }
            }
        }
    }
#endif
}
