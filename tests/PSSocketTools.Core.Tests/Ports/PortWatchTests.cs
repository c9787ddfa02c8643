using System.Diagnostics;
using Xunit;

namespace PSSocketTools.Tests.Ports;

public sealed class PortWatchTests
{
    [Fact]
    public void A_result_tells_its_round_and_what_the_round_before_found_otherwise()
    {
        var watch = new PortWatch(TimeSpan.FromSeconds(0.01), byAddress: false);
        var told = new[] { Open("10.0.0.1"), Open("10.0.0.1"), Closed("10.0.0.1"), Open("10.0.0.2") }.Select(result =>
        {
            watch.BeginRound(CancellationToken.None);
            return watch.Take(result);
        }).ToList();

        Assert.Equal([1, 2, 3, 4], told.Select(static result => result.Attempt));
        Assert.Equal([null, null, "Open", "Closed"], told.Select(static result => result.PreviousStatus));
        Assert.Equal([null, null, null, "10.0.0.1"], told.Select(static result => result.PreviousAddress));
        Assert.Equal([true, false, true, true], told.Select(static result => result.IsChange()));
    }

    [Fact]
    public void A_history_sums_up_what_succeeded_and_when_it_did_not()
    {
        var watch = new PortWatch(TimeSpan.FromSeconds(0.01), byAddress: false);
        PortAvailability[] results = [Open("10.0.0.1", 2), Closed("10.0.0.1"), Closed("10.0.0.1"), Open("10.0.0.2", 4)];
        foreach (var result in results)
        {
            watch.BeginRound(CancellationToken.None);
            watch.Take(result);
        }

        var history = Assert.Single(watch.ToHistories());
        Assert.Equal((4, 2, 50.0), (history.Sent, history.Succeeded, history.LossPercent));
        Assert.Equal((2.0, 3.0, 4.0), (history.MinimumMilliseconds!.Value, history.MeanMilliseconds!.Value, history.MaximumMilliseconds!.Value));
        Assert.Equal("10.0.0.1, 10.0.0.2", history.Addresses);
        Assert.Equal(results[1].Timestamp, history.FirstFailure);
        Assert.Equal(results[3].Timestamp, history.LastSuccess);
        Assert.Equal((results[3].Timestamp - results[1].Timestamp).TotalMilliseconds, history.LongestOutageMilliseconds!.Value, 3);
    }

    [Fact]
    public void Each_address_is_a_target_of_its_own_where_all_are_tested()
    {
        var watch = new PortWatch(TimeSpan.FromSeconds(0.01), byAddress: true);
        watch.BeginRound(CancellationToken.None);
        watch.Take(Open("10.0.0.1"));
        watch.Take(Closed("10.0.0.2"));

        Assert.Equal(["10.0.0.1", "10.0.0.2"], watch.ToHistories().Select(static history => history.Addresses));
    }

    [Fact]
    public void A_round_begins_an_interval_after_the_one_before_began()
    {
        var watch = new PortWatch(TimeSpan.FromSeconds(0.2), byAddress: false);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 3; i++)
        {
            watch.BeginRound(CancellationToken.None);
        }

        Assert.Equal(3, watch.Round);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.39, 30);
    }

    [Fact]
    public void A_wait_for_the_next_round_is_cancelled_at_once()
    {
        using var cancellation = new CancellationTokenSource();
        var watch = new PortWatch(TimeSpan.FromHours(1), byAddress: false);
        watch.BeginRound(cancellation.Token);
        cancellation.CancelAfter(TimeSpan.FromSeconds(0.1));

        Assert.Throws<OperationCanceledException>(() => watch.BeginRound(cancellation.Token));
    }

    private static PortAvailability Open(string address, double latency = 1) =>
        new("name", 80, SocketProtocol.Tcp, PortStatus.Open) { Address = address, LatencyMilliseconds = latency };

    private static PortAvailability Closed(string address) => new("name", 80, SocketProtocol.Tcp, PortStatus.Closed) { Address = address };
}
