using System.Net;
using System.Net.Sockets;
using PSSocketTools.Ports.Probing;
using PSSocketTools.Tests.Ports.Probing;
using Xunit;

namespace PSSocketTools.Tests.Ports;

/// <summary>How the loop uses a transport, tested with one without sockets.</summary>
public sealed class ProbeLoopTests
{
    // TEST-NET-1 and the documentation's IPv6 prefix (RFC 5737, RFC 3849): remote, as far as the loop is concerned.
    private static readonly IPAddress Remote = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress OtherRemote = IPAddress.Parse("2001:db8::1");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Attempts_that_end_in_one_wait_are_ended_once(bool waits)
    {
        using var transport = new ScriptedProbeTransport(static _ => null);
        using var scan = Scan(transport, new PortScanOptions { Timeout = Patience.Long, RetryLimit = waits ? TimeSpan.Zero : null }, Remote, OtherRemote);
        scan.Add(["two"], [new PortRange(80, 82)]);
        scan.Complete();
        transport.EndTogether(6, SocketError.Success);

        Assert.Equal([PortStatus.Open, PortStatus.Open, PortStatus.Open], ReadAll(scan).Select(result => result.GetStatus()));
        Assert.Empty(transport.Faults);
    }

    [Fact]
    public void While_it_waits_an_address_has_one_attempt_pending_at_most()
    {
        var begun = 0;
        using var transport = new ScriptedProbeTransport(_ => Interlocked.Increment(ref begun) % 3 == 0 ? SocketError.ConnectionRefused : null);
        using var scan = Scan(
            transport, new PortScanOptions { Timeout = TimeSpan.FromSeconds(0.2), RetryLimit = TimeSpan.FromSeconds(3) }, IPAddress.Loopback, Remote);
        scan.Add(["two"], [new PortRange(80, 83)]);

        Assert.Equal(4, ReadAll(scan).Count);
        Assert.Empty(transport.Faults);
        Assert.True(transport.Begun.Count > 16, $"{transport.Begun.Count} attempts");
    }

    [Fact]
    public void While_it_waits_another_machine_is_retried_with_back_off()
    {
        using var transport = new ScriptedProbeTransport(static _ => SocketError.ConnectionRefused);
        using var scan = Scan(transport, new PortScanOptions { RetryLimit = TimeSpan.FromSeconds(4) }, Remote);
        scan.Add(["one"], [new PortRange(80)]);

        Assert.Equal(PortStatus.Closed, Assert.Single(ReadAll(scan)).GetStatus());

        // At 0, 0.05, 0.15, 0.35, 0.75, 1.55, 2.55 and 3.55 seconds.
        Assert.InRange(transport.Begun.Count, 2, 8);
    }

    [Fact]
    public void While_it_waits_loopback_is_retried_at_a_constant_interval()
    {
        var begun = 0;
        using var transport = new ScriptedProbeTransport(
            _ => Interlocked.Increment(ref begun) <= 40 ? SocketError.ConnectionRefused : SocketError.Success);
        using var scan = Scan(transport, new PortScanOptions { RetryLimit = Patience.Long }, IPAddress.Loopback);
        scan.Add(["one"], [new PortRange(80)]);

        // If the delay were doubled up to a second, this would take longer than the time limit.
        Assert.Equal(PortStatus.Open, Assert.Single(ReadAll(scan)).GetStatus());
    }

    [Fact]
    public void A_scan_that_reached_the_limit_on_open_files_widens_again()
    {
        var isScarce = true;
        ScriptedProbeTransport? used = null;
        using var transport = used = new ScriptedProbeTransport(_ => isScarce && used!.Pending.Length >= 2 ? SocketError.TooManyOpenSockets : null);
        using var scan = Scan(used, new PortScanOptions { Timeout = Patience.Long, ThrottleLimit = 64 }, Remote);
        scan.Add(["one"], [new PortRange(1, 200)]);
        scan.Complete();
        used.EndTogether(2, SocketError.ConnectionRefused);
        used.EndTogether(2, SocketError.ConnectionRefused);
        Assert.Equal(2, used.MostPending);

        isScarce = false;
        for (var pending = 2; pending < 32; pending *= 2)
        {
            used.EndTogether(pending, SocketError.ConnectionRefused);
        }

        used.EndTogether(32, SocketError.ConnectionRefused);
        Assert.Empty(used.Faults);
    }

    [Fact]
    public void A_connect_that_the_system_timed_out_is_retried_while_there_is_time()
    {
        using var transport = new ScriptedProbeTransport(static _ => null);
        using var scan = Scan(transport, new PortScanOptions { Timeout = Patience.Long }, Remote);
        scan.Add(["one"], [new PortRange(80)]);
        var none = new List<PortAvailability>();
        for (var i = 0; i < 2; i++)
        {
            transport.AwaitPending(1);
            scan.Read(none, 200);
            transport.EndTogether(1, SocketError.TimedOut);
        }

        transport.AwaitPending(1);
        transport.EndTogether(1, SocketError.ConnectionRefused);

        Assert.Equal(PortStatus.Closed, Assert.Single(ReadAll(scan)).GetStatus());
        Assert.Equal(3, transport.Begun.Count);
        Assert.Empty(none);
        Assert.Empty(transport.Faults);
    }

    [Fact]
    public void A_connect_that_fails_at_once_is_not_retried_for_ever()
    {
        using var transport = new ScriptedProbeTransport(static attempt =>
        {
            attempt.End(SocketError.TimedOut);
            return null;
        }) { EndsItself = true };
        using var scan = Scan(transport, new PortScanOptions { Timeout = Patience.Long }, Remote);
        scan.Add(["one"], [new PortRange(80)]);

        Assert.Equal(PortStatus.TimedOut, Assert.Single(ReadAll(scan)).GetStatus());
        Assert.Single(transport.Begun);
    }

    [Fact]
    public void An_error_without_a_name_keeps_its_number()
    {
        using var transport = new ScriptedProbeTransport(static attempt =>
        {
            attempt.End(SocketError.SocketError, 71);
            return null;
        }) { EndsItself = true };
        using var scan = Scan(transport, new PortScanOptions(), Remote);
        scan.Add(["one"], [new PortRange(80)]);

        var result = Assert.Single(ReadAll(scan));
        Assert.Equal(PortStatus.Failed, result.GetStatus());
        Assert.Contains("71", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void While_it_waits_a_name_is_resolved_again()
    {
        var asked = 0;
        using var transport = new ScriptedProbeTransport(
            static attempt => attempt.Address.Equals(OtherRemote) ? SocketError.Success : SocketError.ConnectionRefused);
        using var scan = Scan(transport, new PortScanOptions { RetryLimit = Patience.Long }, name => ++asked switch
        {
            1 or 3 => Task.FromException<IPAddress[]>(new SocketToolsException(SocketToolsError.NameNotFound, name)),
            2 => Task.FromResult<IPAddress[]>([Remote]),
            _ => Task.FromResult<IPAddress[]>([OtherRemote]),
        });
        scan.Add(["moves"], [new PortRange(80, 83)]);

        Assert.All(ReadAll(scan), result => Assert.Equal((PortStatus.Open, OtherRemote.ToString()), (result.GetStatus(), result.Address)));

        // Once for all ports of the computer.
        Assert.Equal(4, asked);
        Assert.Empty(transport.Faults);
    }

    [Fact]
    public void While_it_waits_an_address_that_the_name_no_longer_has_is_abandoned()
    {
        var asked = 0;
        using var transport = new ScriptedProbeTransport(static attempt => attempt.Address.Equals(OtherRemote) ? SocketError.Success : null);
        using var scan = Scan(
            transport,
            new PortScanOptions { RetryLimit = Patience.Long, Timeout = Patience.Long },
            _ => Task.FromResult<IPAddress[]>([++asked == 1 ? Remote : OtherRemote]));
        scan.Add(["moves"], [new PortRange(80)]);

        Assert.Equal(PortStatus.Open, Assert.Single(ReadAll(scan)).GetStatus());
        Assert.Empty(transport.Pending);
        Assert.Empty(transport.Faults);
    }

    [Fact]
    public void A_wait_for_a_name_that_never_resolves_says_so()
    {
        using var transport = new ScriptedProbeTransport(static _ => SocketError.Success);
        using var scan = Scan(
            transport,
            new PortScanOptions { RetryLimit = TimeSpan.FromSeconds(0.2) },
            name => Task.FromException<IPAddress[]>(new SocketToolsException(SocketToolsError.NameNotFound, name)));
        scan.Add(["never"], [new PortRange(80)]);

        var result = Assert.Single(ReadAll(scan));
        Assert.Equal((PortStatus.NameNotFound, "never"), (result.GetStatus(), result.Detail));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_timeout_includes_name_resolution(bool waits)
    {
        var resolving = new TaskCompletionSource<IPAddress[]>();
        using var transport = new ScriptedProbeTransport(static _ => SocketError.Success);
        using var scan = Scan(
            transport,
            new PortScanOptions { Timeout = TimeSpan.FromSeconds(0.2), RetryLimit = waits ? TimeSpan.FromSeconds(0.2) : null },
            _ => resolving.Task);
        scan.Add(["slow"], [new PortRange(80)]);

        var result = Assert.Single(ReadAll(scan));
        Assert.Equal(PortStatus.TimedOut, result.GetStatus());
        Assert.Contains("slow", result.Detail, StringComparison.Ordinal);

        // A resolution that completes too late changes nothing.
        resolving.SetResult([Remote]);
        scan.Dispose();
        Assert.Empty(transport.Begun);
    }

    [Fact]
    [Trait("System", "Linux")]
    public void A_socket_is_closed_once_however_often_its_attempt_is_abandoned()
    {
        using var silent = new SilentPort();
        using var transport = new EpollProbeTransport(new ProbeSetup(SocketProtocol.Tcp));
        var attempt = new ProbeAttempt(IPAddress.Loopback, silent.Port, new object());
        Assert.False(transport.Begin(attempt));
        transport.Abandon(attempt);

        // One of these has the number that was the attempt's, or another test's file has it.
        var sockets = Enumerable.Range(0, 64).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)).ToArray();
        try
        {
            transport.Abandon(attempt);
            Assert.All(sockets, socket => socket.Bind(new IPEndPoint(IPAddress.Loopback, 0)));
        }
        finally
        {
            Array.ForEach(sockets, socket => socket.Dispose());
        }
    }

    private static PortScan Scan(ProbeTransport transport, PortScanOptions options, params IPAddress[] addresses) =>
        Scan(transport, options, _ => Task.FromResult(addresses));

    private static PortScan Scan(ProbeTransport transport, PortScanOptions options, Func<string, Task<IPAddress[]>> resolve) =>
        new(options, _ => transport, resolve);

    private static List<PortAvailability> ReadAll(PortScan scan)
    {
        scan.Complete();
        var results = new List<PortAvailability>();
        while (!scan.IsFinished)
        {
            scan.Read(results, Timeout.Infinite);
        }

        return results;
    }
}
