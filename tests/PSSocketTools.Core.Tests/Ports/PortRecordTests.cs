using PSSocketTools.Ports;
using Xunit;

namespace PSSocketTools.Tests.Ports;

public sealed class PortRecordTests
{
    [Fact]
    public void A_result_tells_its_number_and_what_the_test_before_found_otherwise()
    {
        var record = new PortRecord();
        var told = new[] { Open("10.0.0.1"), Open("10.0.0.1"), Closed("10.0.0.1"), Open("10.0.0.2") }
            .Select((result, i) => record.Add(result, i + 1))
            .ToList();

        Assert.Equal([1, 2, 3, 4], told.Select(static result => result.Attempt));
        Assert.Equal([null, null, "Open", "Closed"], told.Select(static result => result.PreviousStatus));
        Assert.Equal([null, null, null, "10.0.0.1"], told.Select(static result => result.PreviousAddress));
        Assert.Equal([true, false, true, true], told.Select(static result => result.IsChange()));
    }

    [Fact]
    public void A_history_sums_up_what_succeeded_and_when_it_did_not()
    {
        var record = new PortRecord();
        PortAvailability[] results = [Open("10.0.0.1", 2), Closed("10.0.0.1"), Closed("10.0.0.1"), Open("10.0.0.2", 4)];
        for (var i = 0; i < results.Length; i++)
        {
            record.Add(results[i], i + 1);
        }

        var history = record.ToHistory();
        Assert.Equal((4, 2, 50.0), (history.Sent, history.Succeeded, history.LossPercent));
        Assert.Equal((2.0, 3.0, 4.0), (history.MinimumMilliseconds!.Value, history.MeanMilliseconds!.Value, history.MaximumMilliseconds!.Value));
        Assert.Equal("10.0.0.1, 10.0.0.2", history.Addresses);
        Assert.Equal((results[0].Timestamp, results[3].Timestamp), (history.FirstTest, history.LastTest));
        Assert.Equal(("Closed", "Open"), (history.FirstFailureStatus, history.LastStatus));
        Assert.Equal((4, "10.0.0.2"), (record.Last.Attempt, record.Last.Address));
        Assert.Equal(results[1].Timestamp, history.FirstFailure);
        Assert.Equal(results[3].Timestamp, history.LastSuccess);
        Assert.Equal((results[3].Timestamp - results[1].Timestamp).TotalMilliseconds, history.LongestOutageMilliseconds!.Value, 3);
    }

    [Fact]
    public void The_first_result_of_an_address_that_came_up_later_is_a_change()
    {
        var record = new PortRecord();

        Assert.True(record.Add(Open("10.0.0.3"), 7).IsChange());
        Assert.False(record.Add(Open("10.0.0.3"), 8).IsChange());
    }

    [Fact]
    public void The_mean_of_equal_latencies_is_that_latency()
    {
        // 0.1 three times makes 0.30000000000000004.
        var record = new PortRecord();
        for (var i = 1; i <= 3; i++)
        {
            record.Add(Open("10.0.0.1", 0.1), i);
        }

        Assert.Equal(0.1, record.ToHistory().MeanMilliseconds);
    }

    private static PortAvailability Open(string address, double latency = 1) =>
        new("name", 80, SocketProtocol.Tcp, PortStatus.Open) { Address = address, LatencyMilliseconds = latency };

    private static PortAvailability Closed(string address) => new("name", 80, SocketProtocol.Tcp, PortStatus.Closed) { Address = address };
}
