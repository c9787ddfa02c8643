using System.Globalization;
using System.Text;

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

    // More than any load sends, and the sum of all buckets of many measurements fits a long.
    private const long HighestCount = 1_000_000_000_000;

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

    /// <summary>Adds what another counted, which its writer may be counting in meanwhile.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var at = 0; at < _counts.Length; at++)
        {
            var count = other._counts[at];
            _counts[at] += count;
            Count += count;
        }

        _sum += other._sum;
        MaxTicks = Math.Max(MaxTicks, other.MaxTicks);
    }

    /// <summary>What was counted since another state of the same histogram. Where the longest latency came before, that of the difference is accurate to about 3 %.</summary>
    public LatencyHistogram Since(LatencyHistogram earlier)
    {
        var difference = new LatencyHistogram();
        for (var at = 0; at < _counts.Length; at++)
        {
            var count = _counts[at] - earlier._counts[at];
            difference._counts[at] = count;
            difference.Count += count;
            if (count > 0)
            {
                difference.MaxTicks = Math.Min(MaxTicks, Start(at + 1) - 1);
            }
        }

        if (MaxTicks > earlier.MaxTicks)
        {
            difference.MaxTicks = MaxTicks;
        }

        difference._sum = _sum - earlier._sum;
        return difference;
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
    /// <param name="atMost">How many.</param>
    /// <param name="beside">Another histogram, whose latencies have buckets here too, so that both can be shown side by side; null for none.</param>
    public LatencyBucket[] ToBuckets(int atMost, LatencyHistogram? beside = null)
    {
        bool IsUsed(int at) => _counts[at] > 0 || (beside is not null && beside._counts[at] > 0);
        var first = 0;
        while (first < _counts.Length && !IsUsed(first))
        {
            first++;
        }

        if (first == _counts.Length)
        {
            return [];
        }

        var last = _counts.Length - 1;
        while (!IsUsed(last))
        {
            last--;
        }

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

    /// <summary>All that was counted as one line of text: the sum and the longest in ticks of 100 ns, then the buckets' numbers and counts.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendFormat(CultureInfo.InvariantCulture, "{0} {1}", _sum, MaxTicks);
        for (var at = 0; at < _counts.Length; at++)
        {
            if (_counts[at] > 0)
            {
                text.AppendFormat(CultureInfo.InvariantCulture, " {0}:{1}", at, _counts[at]);
            }
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="ToText"/> wrote; null where the text is something else.</summary>
    public static LatencyHistogram? Read(string text)
    {
        static bool IsNumber(string digits, out long number) => long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        var parts = text.Split(' ');
        if (parts.Length < 2 || !IsNumber(parts[0], out var sum) || !IsNumber(parts[1], out var max))
        {
            return null;
        }

        var histogram = new LatencyHistogram { _sum = sum, MaxTicks = max };
        foreach (var part in parts.Skip(2))
        {
            var pair = part.Split(':');
            if (pair.Length != 2 || !IsNumber(pair[0], out var at) || !IsNumber(pair[1], out var count) || at >= histogram._counts.Length || count > HighestCount)
            {
                return null;
            }

            histogram._counts[at] += count;
            histogram.Count += count;
        }

        return histogram;
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
