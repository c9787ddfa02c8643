using System.Globalization;

namespace PSSocketTools;

/// <summary>How many answers took between two times.</summary>
public sealed class LatencyBucket
{
    internal LatencyBucket(double from, double to, long count)
    {
        FromMilliseconds = from;
        ToMilliseconds = to;
        Count = count;
    }

    /// <summary>The shortest time counted here, in milliseconds.</summary>
    public double FromMilliseconds { get; }

    /// <summary>The time from which the next bucket counts, in milliseconds.</summary>
    public double ToMilliseconds { get; }

    /// <summary>Answers.</summary>
    public long Count { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Format(CultureInfo.CurrentCulture, "{0:0.####}-{1:0.####}: {2}", FromMilliseconds, ToMilliseconds, Count);
}
