namespace PSSocketTools.Tests;

/// <summary>The time limits of waits for what must happen: far longer than it ever takes, so that only a hang fails.</summary>
internal static class Patience
{
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
}
