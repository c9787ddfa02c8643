using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Tests.Ports.Probing;
using Xunit;

namespace PSSocketTools.Tests.Ports;

/// <summary>When the targets of a watch are tested, with a transport without sockets.</summary>
public sealed class PortWatchTests
{
    private const int Silent = 81;

    // TEST-NET-1 (RFC 5737).
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Other = IPAddress.Parse("192.0.2.2");
    private static readonly PortScanOptions Patient = new() { Timeout = Patience.Long };

    [Fact]
    public async Task A_slow_target_holds_up_no_other_and_has_one_test_at_a_time()
    {
        using var transport = new ScriptedProbeTransport(static attempt => attempt.Port == Silent ? null : SocketError.ConnectionRefused);
        using var watch = Watch(transport, TimeSpan.FromSeconds(0.01), count: 5, One);
        watch.Add(["one"], [new PortRange(80, 81)], Patient);
        var results = new List<PortAvailability>();
        while (results.Count < 5)
        {
            watch.Read(results, Timeout.Infinite);
        }

        Assert.Equal([(80, 1), (80, 2), (80, 3), (80, 4), (80, 5)], results.Select(static result => (result.Port, result.Attempt)));
        Assert.Equal(Silent, Assert.Single(transport.Pending).Port);

        // What was due meanwhile begins at the end of the last, once.
        var rest = Task.Run(() => ReadAll(watch));
        for (var i = 0; i < 5; i++)
        {
            transport.AwaitPending(1);
            transport.EndTogether(1, SocketError.ConnectionRefused);
        }

        Assert.Equal([(81, 1), (81, 2), (81, 3), (81, 4), (81, 5)], (await rest).Select(static result => (result.Port, result.Attempt)));
        Assert.Equal([5, 5], watch.ToHistories().Select(static history => history.Sent));
        Assert.Empty(transport.Faults);
    }

    [Fact]
    public void Tests_of_a_target_start_an_interval_apart()
    {
        using var transport = new ScriptedProbeTransport(static _ => SocketError.Success);
        using var watch = Watch(transport, TimeSpan.FromSeconds(0.2), count: 3, One);
        watch.Add(["one"], [new PortRange(80)], Patient);
        var results = ReadAll(watch);

        Assert.Equal([1, 2, 3], results.Select(static result => result.Attempt));
        Assert.InRange((results[2].Timestamp - results[0].Timestamp).TotalSeconds, 0.3, 30);
    }

    [Fact]
    public void A_name_is_resolved_anew_for_each_test()
    {
        var resolved = new ConcurrentQueue<IPAddress>([One, Other]);
        using var transport = new ScriptedProbeTransport(static _ => SocketError.Success);
        using var watch = new PortWatch(
            TimeSpan.FromSeconds(0.05),
            2,
            _ => transport,
            _ => Task.FromResult<IPAddress[]>([resolved.TryDequeue(out var address) ? address : throw new InvalidOperationException()]));
        watch.Add(["one"], [new PortRange(80)], Patient);
        var results = ReadAll(watch);

        Assert.Equal(["192.0.2.1", "192.0.2.2"], results.Select(static result => result.Address));
        Assert.Equal([null, "192.0.2.1"], results.Select(static result => result.PreviousAddress));
    }

    [Fact]
    public void Each_address_is_a_target_of_its_own_where_all_are_tested()
    {
        using var transport = new ScriptedProbeTransport(static attempt => attempt.Address.Equals(One) ? SocketError.Success : SocketError.ConnectionRefused);
        using var watch = Watch(transport, TimeSpan.FromSeconds(0.01), count: 2, One, Other);
        watch.Add(["two"], [new PortRange(80)], new PortScanOptions { AllAddresses = true });
        var results = ReadAll(watch);

        Assert.Equal(4, results.Count);
        Assert.All(results, static result => Assert.Null(result.PreviousStatus));
        Assert.Equal([("192.0.2.1", 2), ("192.0.2.2", 0)], watch.ToHistories().Select(static history => (history.Addresses!, history.Succeeded)));
        Assert.Equal([("192.0.2.1", 2, true), ("192.0.2.2", 2, false)], watch.ToLastResults().Select(static last => (last.Address!, last.Attempt, last.Available)));
    }

    [Fact]
    public void A_name_that_is_not_resolved_in_time_holds_up_no_other()
    {
        var never = new TaskCompletionSource<IPAddress[]>();
        using var transport = new ScriptedProbeTransport(static _ => SocketError.Success);
        using var watch = new PortWatch(
            TimeSpan.FromSeconds(0.01), 2, _ => transport, name => name == "slow" ? never.Task : Task.FromResult<IPAddress[]>([One]));
        watch.Add(["slow", "one"], [new PortRange(80)], new PortScanOptions { AllAddresses = true, Timeout = TimeSpan.FromSeconds(0.5) });
        var results = ReadAll(watch);

        Assert.Equal(["one", "one", "slow", "slow"], results.Select(static result => result.ComputerName));
        Assert.Equal(["Open", "Open", "TimedOut", "TimedOut"], results.Select(static result => result.Status));
    }

    [Fact]
    public void Ports_of_this_machine_are_tested_too()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var watch = new PortWatch(TimeSpan.FromSeconds(0.01), 2);
        watch.Add(new LocalPortTest("127.0.0.1"), [new PortRange(((IPEndPoint)listener.LocalEndpoint).Port)]);

        Assert.Equal(["InUse", "InUse"], ReadAll(watch).Select(static result => result.Status));
    }

    [Fact]
    public void A_wait_for_the_next_test_is_cancelled_at_once()
    {
        using var cancellation = new CancellationTokenSource();
        using var transport = new ScriptedProbeTransport(static _ => SocketError.Success);
        using var watch = new PortWatch(
            TimeSpan.FromHours(1), 0, _ => transport, static _ => Task.FromResult<IPAddress[]>([One]), cancellation.Token);
        watch.Add(["one"], [new PortRange(80)], Patient);
        var results = new List<PortAvailability>();
        watch.Read(results, Timeout.Infinite);
        Assert.Single(results);
        cancellation.CancelAfter(TimeSpan.FromSeconds(0.1));

        Assert.Throws<OperationCanceledException>(() => watch.Read(results, Timeout.Infinite));
        Assert.Single(watch.ToHistories());
    }

    [Fact]
    public void More_targets_than_records_can_be_kept_of_are_refused()
    {
        using var watch = new PortWatch(TimeSpan.FromSeconds(1));
        var error = Assert.Throws<SocketToolsException>(() => watch.Add(["10.0.0.0/8"], [new PortRange(80)], new PortScanOptions()));

        Assert.Equal(SocketToolsError.InvalidOption, error.Error);
    }

    private static PortWatch Watch(ScriptedProbeTransport transport, TimeSpan interval, int count, params IPAddress[] addresses) =>
        new(interval, count, _ => transport, _ => Task.FromResult(addresses));

    private static List<PortAvailability> ReadAll(PortWatch watch)
    {
        var results = new List<PortAvailability>();
        while (!watch.IsFinished)
        {
            watch.Read(results, Timeout.Infinite);
        }

        return results;
    }
}
