using System.Net;
using PSSocketTools.Ports.Probing;
using Xunit;

namespace PSSocketTools.Tests.Ports;

/// <summary>Port tests over a router, which no loopback can show.</summary>
public sealed class NetworkTests
{
    [NamespaceFact]
    public void A_router_that_drops_forbids_or_has_no_route_is_told_from_a_host_that_refuses()
    {
        using var lab = new NetworkLab();
        using var listener = lab.Listen(80);
        var results = Scan(lab, new PortScanOptions { Timeout = TimeSpan.FromSeconds(2) }, [NetworkLab.Server, "10.99.3.1", "10.99.4.1", "10.99.5.1"], 80, 81);

        Assert.Equal(
            [
                PortStatus.Open, PortStatus.Closed, PortStatus.TimedOut, PortStatus.TimedOut,
                PortStatus.Unreachable, PortStatus.Unreachable, PortStatus.Unreachable, PortStatus.Unreachable,
            ],
            results.Select(static result => result.GetStatus()));
        Assert.Null(results[1].Detail);
        Assert.Null(results[2].Detail);
        Assert.All(results, static result => Assert.Equal(NetworkLab.Client, result.SourceAddress));
        Assert.Contains(NetworkLab.Router, results[4].Detail, StringComparison.Ordinal);
        Assert.Contains("code 1)", results[4].Detail, StringComparison.Ordinal);
        Assert.Contains($"{NetworkLab.Router} says that this is prohibited (ICMP type 3, code 13)", results[6].Detail, StringComparison.Ordinal);
    }

    [NamespaceFact]
    public void Each_way_of_ICMP_to_refuse_has_its_words()
    {
        using var lab = new NetworkLab();
        using var refusing = lab.Refuse();
        var results = Scan(lab, new PortScanOptions { Timeout = Patience.Long }, [.. Enumerable.Range(0, 16).Where(static code => code != 4).Select(static code => $"10.99.6.{code}")], 80);

        Assert.All(results, static result =>
        {
            var code = int.Parse(result.Address!.Split('.')[3], System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal((code, code == 3 ? PortStatus.Closed : PortStatus.Unreachable), (code, result.GetStatus()));
            var words = code switch
            {
                2 => "does not speak the protocol",
                3 => "a firewall refuses",
                9 or 10 or 13 or 14 or 15 => "prohibited",
                1 or 7 or 8 or 12 => "can't reach the host",
                _ => "no route",
            };
            Assert.Contains(words, result.Detail, StringComparison.Ordinal);
            Assert.Contains($"(ICMP type 3, code {code})", result.Detail, StringComparison.Ordinal);
        });
    }

    [NamespaceFact]
    public void Over_UDP_the_hosts_own_refusal_is_told_from_a_routers()
    {
        using var lab = new NetworkLab();
        var results = Scan(
            lab, new PortScanOptions { Protocol = SocketProtocol.Udp, Timeout = Patience.Long }, [NetworkLab.Server, "10.99.5.1"], 81);

        Assert.Equal([PortStatus.Closed, PortStatus.Unreachable], results.Select(static result => result.GetStatus()));
        Assert.Null(results[0].Detail);
        Assert.Contains("prohibited", results[1].Detail, StringComparison.Ordinal);
    }

    [NamespaceFact]
    public void A_wait_lasts_until_a_host_has_booted()
    {
        using var lab = new NetworkLab();
        lab.SetServer(isUp: false);
        using var scan = lab.In("c", static () => new PortScan(new PortScanOptions { WaitFor = Patience.Long, KeepsTrace = true }));
        scan.Add([NetworkLab.Server], [new PortRange(80)]);
        scan.Complete();
        var results = new List<PortAvailability>();
        while (scan.TakeTrace().Count == 0)
        {
            scan.Read(results, Timeout.Infinite);
        }

        Assert.Empty(results);
        lab.SetServer(isUp: true);
        using var listener = lab.Listen(80);
        Read(scan, results);

        Assert.Equal(PortStatus.Open, Assert.Single(results).GetStatus());
        Assert.True(results[0].Attempt > 1);
    }

    [NamespaceFact]
    public void A_host_that_is_down_is_told_from_a_port_that_is_dropped()
    {
        using var lab = new NetworkLab();
        var result = Assert.Single(Scan(lab, new PortScanOptions { Timeout = Patience.Long }, ["10.99.1.77"], 80));

        Assert.Equal(PortStatus.Unreachable, result.GetStatus());
        Assert.Contains("does not answer on the local network", result.Detail, StringComparison.Ordinal);
    }

    [NamespaceFact]
    public void A_wait_takes_the_addresses_that_a_name_begins_to_have()
    {
        using var lab = new NetworkLab();
        using var listener = lab.Listen(80);
        var asked = 0;
        using var scan = lab.In("c", () => new PortScan(
            new PortScanOptions { WaitFor = Patience.Long },
            static setup => ProbeTransport.Create(setup),
            name => ++asked < 2
                ? Task.FromException<IPAddress[]>(new SocketToolsException(SocketToolsError.NameNotFound, name))
                : Task.FromResult<IPAddress[]>([IPAddress.Parse(NetworkLab.Server)])));
        scan.Add(["late"], [new PortRange(80)]);
        scan.Complete();
        var results = new List<PortAvailability>();
        Read(scan, results);

        Assert.Equal((PortStatus.Open, NetworkLab.Server), (results[0].GetStatus(), results[0].Address));
    }

    [NamespaceFact]
    public void A_test_comes_from_the_address_that_was_chosen()
    {
        using var lab = new NetworkLab();
        using var listener = lab.Listen(80);
        foreach (var source in new[] { NetworkLab.OtherClient, NetworkLab.Client })
        {
            var result = Assert.Single(Scan(lab, new PortScanOptions { Timeout = Patience.Long, SourceAddress = source }, [NetworkLab.Server], 80));
            using var client = listener.AcceptSocket();

            Assert.Equal((PortStatus.Open, source), (result.GetStatus(), result.SourceAddress));
            Assert.Equal(source, ((IPEndPoint)client.RemoteEndPoint!).Address.ToString());
        }
    }

    private static List<PortAvailability> Scan(NetworkLab lab, PortScanOptions options, string[] computers, params int[] ports)
    {
        using var scan = lab.In("c", () => new PortScan(options));
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
