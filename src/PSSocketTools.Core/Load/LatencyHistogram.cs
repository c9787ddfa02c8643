namespace PSSocketTools.Load;

/// <summary>
/// Counts latencies in logarithmic buckets, 32 for each doubling, so that every figure is accurate to about 3 % from a tenth of
/// a microsecond to days, in a constant few kilobytes. For one writer.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 5;
    private const int SubBuckets = 1 << SubBits;

    // Ticks of 100 ns: up to 2^44 of them, 20 days.
    private const int Doublings = 40;

    private readonly long[] _counts = new long[(Doublings * SubBuckets) + SubBuckets];
    private long _sum;

    public long Count { get; private set; }

    /// <summary>The longest latency, exactly.</summary>
    public long MaxTicks { get; private set; }

    public double MeanTicks => Count == 0 ? 0 : (double)_sum / Count;

    public void Add(TimeSpan latency)
    {
        var ticks = Math.Max(0, latency.Ticks);
        _counts[Math.Min(Index(ticks), _counts.Length - 1)]++;
        Count++;
        _sum += ticks;
        MaxTicks = Math.Max(MaxTicks, ticks);
    }

    public void Add(LatencyHistogram other)
    {
        for (var at = 0; at < _counts.Length; at++)
        {
            _counts[at] += other._counts[at];
        }

        Count += other.Count;
        _sum += other._sum;
        MaxTicks = Math.Max(MaxTicks, other.MaxTicks);
    }

    /// <summary>A percentile of the latencies, in ticks: the upper bound of its bucket, but not more than the longest latency.</summary>
    /// <param name="share">0 to 1.</param>
    public long Percentile(double share)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        var seen = 0L;
        for (var at = 0; at < _counts.Length; at++)
        {
            seen += _counts[at];
            if (seen >= rank)
            {
                return Math.Min(MaxTicks, Start(at + 1) - 1);
            }
        }

        return MaxTicks;
    }

    /// <summary>The buckets from the first to the last that counted something, joined so that there are not more than asked for.</summary>
    public LatencyBucket[] ToBuckets(int atMost)
    {
        var first = Array.FindIndex(_counts, count => count > 0);
        if (first < 0)
        {
            return [];
        }

        var last = Array.FindLastIndex(_counts, count => count > 0);
        var joined = (last - first + atMost) / atMost;
        var buckets = new List<LatencyBucket>(atMost);
        for (var at = first; at <= last; at += joined)
        {
            var count = 0L;
            for (var one = at; one < Math.Min(at + joined, _counts.Length); one++)
            {
                count += _counts[one];
            }

            buckets.Add(new LatencyBucket(Milliseconds(Start(at)), Milliseconds(Start(at + joined)), count));
        }

        return [.. buckets];
    }

    public static double Milliseconds(double ticks) => ticks / TimeSpan.TicksPerMillisecond;

    // The first 32 buckets are a tick wide; then each doubling has 32 of them.
    private static int Index(long ticks)
    {
        var doubling = 0;
        while (ticks >> doubling >= 2 * SubBuckets)
        {
            doubling++;
        }

        return ticks < SubBuckets ? (int)ticks : (doubling * SubBuckets) + (int)(ticks >> doubling);
    }

    private static long Start(int index)
    {
        if (index < 2 * SubBuckets)
        {
            return index;
        }

        var doubling = (index / SubBuckets) - 1;
        return (long)((index % SubBuckets) + SubBuckets) << doubling;
    }
}
