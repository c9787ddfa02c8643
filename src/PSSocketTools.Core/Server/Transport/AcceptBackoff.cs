namespace PSSocketTools.Server.Transport;

/// <summary>How long a listener waits after accepting failed, since the clients that wait would have it tried again at once: twice as long each time in a row.</summary>
internal sealed class AcceptBackoff
{
    private const int FirstMilliseconds = 50;
    private const int LongestMilliseconds = 1000;

    private int _next;

    /// <summary>Takes the next wait, in milliseconds.</summary>
    public int Next()
    {
        var milliseconds = Math.Max(_next, FirstMilliseconds);
        _next = Math.Min(milliseconds * 2, LongestMilliseconds);
        return milliseconds;
    }

    /// <summary>Accepting went well.</summary>
    public void Reset() => _next = 0;
}
