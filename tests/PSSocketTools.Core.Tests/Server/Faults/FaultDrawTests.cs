using PSSocketTools.Server.Faults;
using Xunit;

namespace PSSocketTools.Tests.Server.Faults;

/// <summary>What is drawn depends on the seed and on the message's number alone: the numbers here hold on every system.</summary>
public sealed class FaultDrawTests
{
    /// <summary>Of the first forty messages, those that 30 percent with seed 7 strike.</summary>
    public static readonly int[] StruckOfForty = [4, 7, 12, 13, 14, 22, 25, 30, 33, 36, 39, 40];

    [Fact]
    public void Thirty_percent_with_seed_seven_are_these() =>
        Assert.Equal(StruckOfForty, Enumerable.Range(1, 40).Where(static number => FaultDraw.IsAmong(30, 7, number)));

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.01, 50, 150)]
    [InlineData(1, 9_700, 10_300)]
    [InlineData(30, 299_000, 301_000)]
    [InlineData(99.9999, 999_990, 1_000_000)]
    [InlineData(100, 1_000_000, 1_000_000)]
    public void The_share_is_what_was_asked_for(double percent, int least, int most)
    {
        Assert.InRange(Enumerable.Range(1, 1_000_000).Count(number => FaultDraw.IsAmong(percent, 1, number)), least, most);
    }

    [Fact]
    public void Seeds_and_numbers_draw_apart_and_within_bounds()
    {
        var draws = (from seed in Enumerable.Range(0, 50) from number in Enumerable.Range(1, 50) select FaultDraw.Between(0, int.MaxValue, seed, number)).ToList();
        Assert.Equal(draws.Count, draws.Distinct().Count());
        Assert.All(draws, static draw => Assert.InRange(draw, 0, int.MaxValue));
        Assert.Equal([3, 4, 5], Enumerable.Range(1, 100).Select(static number => FaultDraw.Between(3, 5, 7, number)).Distinct().Order());
        Assert.Equal([226, 319, 490, 298, 340, 473, 344, 491, 195, 289], Enumerable.Range(1, 10).Select(static number => FaultDraw.Between(100, 500, 7, number)));
    }
}
