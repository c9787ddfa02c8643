namespace PSSocketTools.Net;

/// <summary>How soon which address is tried, and tried again: the one rule of sessions and of port tests.</summary>
internal static class ConnectPace
{
    /// <summary>How long a silent address keeps a name's next one from being tried beside it (RFC 8305, section 8: the recommended Connection Attempt Delay).</summary>
    public static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>While waiting for a server: how long after one attempt on an address the next may begin, at first.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>While waiting: how long a name is taken to mean what it meant.</summary>
    public static readonly TimeSpan NameAge = TimeSpan.FromSeconds(1);

    // So that another machine and the network are not kept busy.
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>The delay after the next attempt: twice as long up to a second; what is on this machine is tried as often as at first.</summary>
    /// <param name="delay">The delay after the last attempt.</param>
    /// <param name="isNear">Whether it is a loopback address or a path that is tried.</param>
    public static TimeSpan NextRetryDelay(TimeSpan delay, bool isNear) =>
        isNear ? delay : delay + delay < LongestRetryDelay ? delay + delay : LongestRetryDelay;
}
