using System.Security.Cryptography;

namespace PSSocketTools.Server.Faults;

/// <summary>
/// Draws numbers that depend on a seed and on a message's number alone, so that a failure can be replayed: in every run, on every
/// system and in both builds of the engine. It is the output function of SplitMix64 (Steele, Lea and Flood, 2014) over a counter.
/// </summary>
internal static class FaultDraw
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private const uint Parts = 1_000_000;
    private const uint Seeds = 1_000_000;

    /// <summary>Whether the message with a number is among so many percent, to four decimals.</summary>
    public static bool IsAmong(double percent, int seed, long number) =>
        Draw(seed, number, 0) % Parts < (ulong)Math.Round(percent * (Parts / 100));

    /// <summary>A number from the lowest to the highest.</summary>
    /// <param name="lowest">The lowest.</param>
    /// <param name="highest">The highest.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="number">The message's number.</param>
    /// <param name="part">Tells several draws for one message apart, 1 or more.</param>
    public static int Between(int lowest, int highest, int seed, long number, int part = 1) =>
        lowest + (int)(Draw(seed, number, part) % ((ulong)(highest - lowest) + 1));

    /// <summary>A seed that can be retyped.</summary>
    public static int NewSeed()
    {
        var bytes = new byte[sizeof(uint)];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(bytes);
        return (int)(BitConverter.ToUInt32(bytes, 0) % Seeds);
    }

    private static ulong Draw(int seed, long number, int part)
    {
        unchecked
        {
            return Mix(Mix(Mix((ulong)seed + Golden) + ((ulong)number * Golden)) + ((ulong)part * Golden));
        }
    }

    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
