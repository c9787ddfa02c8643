namespace PSSocketTools.Tests;

/// <summary>How long a test waits for what must happen: far longer than it ever takes, so that only a hang fails.</summary>
internal static class Patience
{
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
}
