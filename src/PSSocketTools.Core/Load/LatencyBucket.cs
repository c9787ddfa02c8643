using System.Globalization;

namespace PSSocketTools;

/// <summary>The number of responses with a latency in a range.</summary>
public sealed class LatencyBucket
{
    internal LatencyBucket(double from, double to, long count)
    {
        FromMilliseconds = from;
        ToMilliseconds = to;
        Count = count;
    }

    /// <summary>The lower bound in milliseconds, inclusive.</summary>
    public double FromMilliseconds { get; }

    /// <summary>The upper bound in milliseconds, exclusive.</summary>
    public double ToMilliseconds { get; }

    /// <summary>The number of responses.</summary>
    public long Count { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Format(CultureInfo.CurrentCulture, "{0:0.####}-{1:0.####}: {2}", FromMilliseconds, ToMilliseconds, Count);
}
