namespace PSSocketTools.Server.Transport;

/// <summary>The back-off of a listener after a failed accept, which pending connections would otherwise trigger again at once: doubled with each failure in a row.</summary>
internal sealed class AcceptBackoff
{
    private const int FirstMilliseconds = 50;
    private const int MaxMilliseconds = 1000;

    private int _next;

    /// <summary>Returns the next delay in milliseconds, and doubles it.</summary>
    public int Next()
    {
        var milliseconds = Math.Max(_next, FirstMilliseconds);
        _next = Math.Min(milliseconds * 2, MaxMilliseconds);
        return milliseconds;
    }

    /// <summary>Restarts the back-off after a successful accept.</summary>
    public void Reset() => _next = 0;
}
