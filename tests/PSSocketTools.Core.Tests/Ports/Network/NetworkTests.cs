using System.Globalization;
using System.Net;
using Xunit;

namespace PSSocketTools.Tests.Ports.Network;

/// <summary>Port tests over a router, which no loopback can show.</summary>
[Trait("System", "Linux")]
public sealed class NetworkTests
{
    [NetworkFact]
    public Task A_router_that_drops_forbids_or_has_no_route_is_told_from_a_host_that_refuses() => NetworkLab.RunAsync(static async lab =>
    {
        foreach (var (server, router, source, network, prohibited, unreachable) in new[]
        {
            (NetworkLab.Server, NetworkLab.Router, NetworkLab.Client, "10.99.{0}.1", "(ICMP type 3, code 13)", "can't reach the host"),
            (NetworkLab.Server6, NetworkLab.Router6, NetworkLab.Client6, "fd99:{0}::1", "(ICMP type 1, code 1)", "no route"),
        })
        {
            await lab.ListenAsync(80, server);
            var results = Scan(
                new PortScanOptions { Timeout = TimeSpan.FromSeconds(2), SourceAddress = source },
                [server, Of(3), Of(4), Of(5), Of(7)],
                80,
                81);
            string Of(int number) => string.Format(CultureInfo.InvariantCulture, network, number);

            Assert.Equal(
                [
                    PortStatus.Open, PortStatus.Closed, PortStatus.TimedOut, PortStatus.TimedOut,
                    PortStatus.Unreachable, PortStatus.Unreachable, PortStatus.Unreachable, PortStatus.Unreachable,
                    PortStatus.Unreachable, PortStatus.Unreachable,
                ],
                results.Select(static result => result.GetStatus()));
            Assert.Null(results[1].Detail);
            Assert.Null(results[2].Detail);
            Assert.All(results, result => Assert.Equal(source, result.SourceAddress));
            Assert.Contains(router, results[4].Detail, StringComparison.Ordinal);
            Assert.Contains(unreachable, results[4].Detail, StringComparison.Ordinal);
            Assert.Contains($"{router} says that this is prohibited {prohibited}", results[6].Detail, StringComparison.Ordinal);
            Assert.Contains("no route", results[8].Detail, StringComparison.Ordinal);
            Assert.Contains("code 0)", results[8].Detail, StringComparison.Ordinal);
        }
    });

    [NetworkFact]
    public Task Each_way_of_ICMP_to_refuse_has_its_words() => NetworkLab.RunAsync(static async lab =>
    {
        await lab.RefuseAsync();

        // Code 4 tells that a packet is too long, and refuses nothing.
        var results = Scan(
            new PortScanOptions { Timeout = Patience.Long },
            [.. Enumerable.Range(0, 16).Where(static code => code != 4).Select(static code => $"10.99.6.{code}")],
            80);

        Assert.Equal(15, results.Count);
        Assert.All(results, static result =>
        {
            var code = int.Parse(result.Address!.Split('.')[3], CultureInfo.InvariantCulture);
            Assert.Equal((code, code == 3 ? PortStatus.Closed : PortStatus.Unreachable), (code, result.GetStatus()));
            Assert.Contains(
                code switch
                {
                    2 => "does not speak the protocol",
                    3 => "a firewall refuses",
                    9 or 10 or 13 or 14 or 15 => "prohibited",
                    1 or 7 or 8 or 12 => "can't reach the host",
                    _ => "no route",
                },
                result.Detail,
                StringComparison.Ordinal);
            Assert.Contains($"(ICMP type 3, code {code})", result.Detail, StringComparison.Ordinal);
        });
    });

    [NetworkFact]
    public Task Each_way_of_ICMPv6_to_refuse_has_its_words() => NetworkLab.RunAsync(static async lab =>
    {
        await lab.RefuseAsync();
        var results = Scan(
            new PortScanOptions { Timeout = Patience.Long },
            [.. Enumerable.Range(0, 7).Select(static code => $"fd99:6:0:0:1::{code}")],
            80);

        Assert.Equal(7, results.Count);
        Assert.All(results, static result =>
        {
            var code = IPAddress.Parse(result.Address!).GetAddressBytes()[15];
            Assert.Equal((code, code == 4 ? PortStatus.Closed : PortStatus.Unreachable), (code, result.GetStatus()));
            Assert.Contains(
                code switch
                {
                    4 => "a firewall refuses",
                    1 or 5 or 6 => "prohibited",
                    3 => "can't reach the host",
                    _ => "no route",
                },
                result.Detail,
                StringComparison.Ordinal);
            Assert.Contains($"(ICMP type 1, code {code})", result.Detail, StringComparison.Ordinal);
        });
    });

    [NetworkFact]
    public Task Over_UDP_the_host_s_own_refusal_is_told_from_a_router_s() => NetworkLab.RunAsync(static lab =>
    {
        var results = Scan(
            new PortScanOptions { Protocol = SocketProtocol.Udp, Timeout = Patience.Long },
            [NetworkLab.Server, "10.99.5.1", NetworkLab.Server6, "fd99:5::1"],
            81);

        Assert.Equal(
            [PortStatus.Closed, PortStatus.Unreachable, PortStatus.Closed, PortStatus.Unreachable], results.Select(static result => result.GetStatus()));
        Assert.Null(results[0].Detail);
        Assert.Contains("prohibited", results[1].Detail, StringComparison.Ordinal);
        Assert.Null(results[2].Detail);
        Assert.Contains("prohibited", results[3].Detail, StringComparison.Ordinal);
        return Task.CompletedTask;
    });

    [NetworkFact]
    public Task A_wait_lasts_until_a_host_has_booted() => NetworkLab.RunAsync(static async lab =>
    {
        await NetworkLab.SetServerAsync(isUp: false);
        using var scan = new PortScan(new PortScanOptions { RetryLimit = Patience.Long, KeepsTrace = true });
        scan.Add([NetworkLab.Server], [new PortRange(80)]);
        scan.Complete();
        var results = new List<PortAvailability>();
        while (scan.TakeTrace().Count == 0)
        {
            scan.Read(results, Timeout.Infinite);
        }

        Assert.Empty(results);
        await NetworkLab.SetServerAsync(isUp: true);
        await lab.ListenAsync(80);
        Read(scan, results);

        Assert.Equal(PortStatus.Open, Assert.Single(results).GetStatus());
        Assert.True(results[0].Attempt > 1);
    });

    [NetworkFact]
    public Task A_host_that_is_down_is_told_from_a_port_that_is_dropped() => NetworkLab.RunAsync(static lab =>
    {
        var results = Scan(new PortScanOptions { Timeout = Patience.Long }, ["10.99.1.77", "fd99:1::77", "10.99.2.77", "fd99:2::77"], 80);

        Assert.All(results, static result => Assert.Equal(PortStatus.Unreachable, result.GetStatus()));
        Assert.Contains("does not answer on the local network", results[0].Detail, StringComparison.Ordinal);
        Assert.Contains("does not answer on the local network", results[1].Detail, StringComparison.Ordinal);
        Assert.Contains($"{NetworkLab.Router} can't reach the host", results[2].Detail, StringComparison.Ordinal);
        Assert.Contains($"{NetworkLab.Router6} can't reach the host", results[3].Detail, StringComparison.Ordinal);
        return Task.CompletedTask;
    });

    [NetworkFact]
    public Task A_wait_takes_the_address_that_a_name_begins_to_have() => NetworkLab.RunAsync(static async lab =>
    {
        await lab.ListenAsync(80);
        var names = await lab.NameAsync();
        using var scan = new PortScan(new PortScanOptions { RetryLimit = Patience.Long });
        scan.Add(["late.example"], [new PortRange(80)]);
        scan.Complete();
        Assert.Equal("unknown", await names.ReadAsync());
        names.Write(NetworkLab.Server);
        var results = new List<PortAvailability>();
        Read(scan, results);

        Assert.Equal((PortStatus.Open, "late.example", NetworkLab.Server), (results[0].GetStatus(), results[0].ComputerName, results[0].Address));
    });

    [NetworkFact]
    public Task A_test_comes_from_the_address_that_was_chosen() => NetworkLab.RunAsync(static async lab =>
    {
        foreach (var (server, sources) in new[]
        {
            (NetworkLab.Server, new[] { NetworkLab.OtherClient, NetworkLab.Client }),
            (NetworkLab.Server6, [NetworkLab.OtherClient6, NetworkLab.Client6]),
        })
        {
            var listener = await lab.ListenAsync(80, server);
            foreach (var source in sources)
            {
                var result = Assert.Single(Scan(new PortScanOptions { Timeout = Patience.Long, SourceAddress = source }, [server], 80));

                Assert.Equal((PortStatus.Open, source), (result.GetStatus(), result.SourceAddress));
                Assert.Equal(source, await listener.ReadAsync());
            }
        }
    });

    private static List<PortAvailability> Scan(PortScanOptions options, string[] computers, params int[] ports)
    {
        using var scan = new PortScan(options);
        scan.Add(computers, [.. ports.Select(static port => new PortRange(port))]);
        scan.Complete();
        var results = new List<PortAvailability>();
        Read(scan, results);
        return results;
    }

    private static void Read(PortScan scan, List<PortAvailability> results)
    {
        while (!scan.IsFinished)
        {
            scan.Read(results, Timeout.Infinite);
            scan.TakeTrace();
        }
    }
}
