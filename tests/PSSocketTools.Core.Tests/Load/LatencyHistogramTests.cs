using CsCheck;
using PSSocketTools.Load;
using Xunit;

namespace PSSocketTools.Tests.Load;

/// <summary>The histogram beside HdrHistogram, which is the oracle.</summary>
public sealed class LatencyHistogramTests
{
    // Its buckets are a 32nd of a doubling wide.
    private const double Accuracy = 1.0 / 32;

    private static readonly double[] Shares = [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1];

    // From a tenth of a microsecond to an hour, with each size as likely as another.
    private static readonly Gen<long[]> Ticks = Gen.Double[0, 10.5].Select(static power => (long)Math.Pow(10, power)).Array[1, 500];

    [Fact]
    public void Percentiles_are_those_of_the_oracle() => Ticks.Sample(static ticks =>
    {
        var histogram = Of(ticks);
        var oracle = new HdrHistogram.LongHistogram(TimeSpan.FromDays(2).Ticks, 5);
        foreach (var one in ticks)
        {
            oracle.RecordValue(one);
        }

        Assert.Equal(oracle.TotalCount, histogram.Count);
        foreach (var share in Shares)
        {
            // The oracle rounds the rank to the nearest, where a percentile is what so many took at most.
            var expected = oracle.GetValueAtPercentile(100 * Math.Ceiling(share * ticks.Length) / ticks.Length);
            Assert.InRange(histogram.Percentile(share), expected * (1 - Accuracy) - 1, (expected * (1 + Accuracy)) + 1);
        }

        Assert.Equal(ticks.Max(), histogram.MaxTicks);
        Assert.Equal(ticks.Average(), histogram.MeanTicks, 3);
    });

    [Fact]
    public void Two_added_up_are_one_of_all() => Gen.Select(Ticks, Ticks).Sample(static (one, other) =>
    {
        var sum = Of(one);
        sum.Add(Of(other));
        Assert.Equal(Of([.. one, .. other]).ToText(), sum.ToText());
    });

    [Fact]
    public void What_was_counted_since_is_the_difference() => Gen.Select(Ticks, Ticks).Sample(static (one, other) =>
    {
        var difference = Of([.. one, .. other]).Since(Of(one));
        var expected = Of(other);
        Assert.Equal(expected.Count, difference.Count);
        Assert.Equal(expected.MeanTicks, difference.MeanTicks, 3);
        Assert.Equal(expected.Percentile(0.5), Math.Min(difference.Percentile(0.5), expected.MaxTicks));
        Assert.InRange(difference.MaxTicks, expected.MaxTicks, (expected.MaxTicks * (1 + Accuracy)) + 1);
    });

    [Fact]
    public void Its_text_is_read_as_it_was() => Ticks.Sample(static ticks => Assert.Equal(Of(ticks).ToText(), LatencyHistogram.Read(Of(ticks).ToText())!.ToText()));

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1 2 3")]
    [InlineData("1 2 3:")]
    [InlineData("1 2 3:-4")]
    [InlineData("1 2 99999999:1")]
    [InlineData("a b")]
    public void Another_text_is_not_read(string text) => Assert.Null(LatencyHistogram.Read(text));

    [Fact]
    public void Buckets_beside_another_have_its_bounds() => Gen.Select(Ticks, Ticks, Gen.Int[1, 40]).Sample(static (one, other, most) =>
    {
        var (left, right) = (Of(one).ToBuckets(most, Of(other)), Of(other).ToBuckets(most, Of(one)));
        Assert.InRange(left.Length, 1, most);
        Assert.Equal(left.Select(static bucket => bucket.FromMilliseconds), right.Select(static bucket => bucket.FromMilliseconds));
        Assert.Equal(one.Length, left.Sum(static bucket => bucket.Count));
        Assert.Equal(other.Length, right.Sum(static bucket => bucket.Count));
    });

    private static LatencyHistogram Of(long[] ticks)
    {
        var histogram = new LatencyHistogram();
        foreach (var one in ticks)
        {
            histogram.Add(TimeSpan.FromTicks(one));
        }

        return histogram;
    }
}
