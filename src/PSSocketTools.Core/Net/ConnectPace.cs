namespace PSSocketTools.Net;

/// <summary>The delays between attempts on the addresses of a name, and the back-off of retries, for sessions and port tests.</summary>
internal static class ConnectPace
{
    /// <summary>The delay before the next address is tried in parallel to a silent one (RFC 8305, section 8: the recommended Connection Attempt Delay).</summary>
    public static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>In a wait for a server: the first delay between two attempts on an address.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>In a wait for a server: how long the result of name resolution is reused.</summary>
    public static readonly TimeSpan NameAge = TimeSpan.FromSeconds(1);

    // This limits the load on another machine and the network.
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>The delay after the next attempt: doubled up to a second, but constant for this machine.</summary>
    /// <param name="delay">The delay after the last attempt.</param>
    /// <param name="isNear">Whether the target is a loopback address or a path.</param>
    public static TimeSpan NextRetryDelay(TimeSpan delay, bool isNear) =>
        isNear ? delay : delay + delay < MaxRetryDelay ? delay + delay : MaxRetryDelay;
}
