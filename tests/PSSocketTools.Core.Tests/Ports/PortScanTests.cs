using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Ports.Probing;
using Xunit;

namespace PSSocketTools.Tests.Ports;

/// <summary>Each test runs over every transport this system has.</summary>
public sealed class PortScanTests
{
    public static TheoryData<string> Transports => EpollProbeTransport.IsSupported ? ["epoll", "sockets"] : ["sockets"];

    [Theory]
    [MemberData(nameof(Transports))]
    public void It_finds_open_and_closed_ports(string transport)
    {
        using var listener = Listen(IPAddress.Loopback);
        var results = Scan(transport, ["127.0.0.1"], [listener.Port, ClosedPort()]);

        Assert.Equal([PortStatus.Open, PortStatus.Closed], results.Select(result => result.GetStatus()));
        Assert.Equal([true, false], results.Select(result => result.Available));
        Assert.All(results, result =>
        {
            Assert.Equal("127.0.0.1", result.Address);
            Assert.InRange(result.LatencyMilliseconds!.Value, 0.000_001, 30_000);
            Assert.Equal(("127.0.0.1", 1), (result.SourceAddress, result.Attempt));
        });
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void It_scans_IPv6(string transport)
    {
        using var listener = Listen(IPAddress.IPv6Loopback);
        var results = Scan(transport, ["::1"], [listener.Port, ClosedPort()]);

        Assert.Equal([PortStatus.Open, PortStatus.Closed], results.Select(result => result.GetStatus()));
        Assert.All(results, static result => Assert.Equal(("::1", "::1", 1), (result.Address, result.SourceAddress, result.Attempt)));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_reused_socket_keeps_nothing_of_its_last_attempt(string transport)
    {
        using var listener = Listen(IPAddress.Loopback);
        int[] ports = [ClosedPort(), listener.Port, ClosedPort(), ClosedPort(), listener.Port];
        var results = Scan(transport, ["127.0.0.1"], ports);

        Assert.Equal(ports, results.Select(result => result.Port));
        Assert.Equal([false, true, false, false, true], results.Select(result => result.Available));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [Trait("System", "Linux")]
    public void A_silent_port_times_out(string transport)
    {
        using var silent = new SilentPort();
        var clock = Stopwatch.StartNew();
        var result = Assert.Single(Scan(transport, ["127.0.0.1"], [silent.Port], timeout: 0.3));

        Assert.Equal(PortStatus.TimedOut, result.GetStatus());
        Assert.Null(result.LatencyMilliseconds);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.29, 10);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [Trait("System", "Linux")]
    public void Results_keep_the_order_of_the_input_and_probes_do_not_wait_for_it(string transport)
    {
        using var silent = new SilentPort();
        using var listener = Listen(IPAddress.Loopback);
        int[] ports = [silent.Port, .. Enumerable.Repeat(listener.Port, 5), .. Enumerable.Repeat(ClosedPort(), 2000), silent.Port];
        var results = Scan(transport, ["127.0.0.1"], ports, timeout: 10, throttle: 4);

        Assert.Equal(ports, results.Select(result => result.Port));
        Assert.Equal(2, results.Count(result => result.GetStatus() == PortStatus.TimedOut));
        Assert.Equal(5, results.Count(result => result.GetStatus() == PortStatus.Open));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_name_that_does_not_resolve_is_a_result_like_any_other(string transport)
    {
        var port = ClosedPort();
        var results = Scan(transport, ["name.invalid", "127.0.0.1"], [port]);

        Assert.Equal([PortStatus.NameNotFound, PortStatus.Closed], results.Select(result => result.GetStatus()));
        Assert.Null(results[0].Address);
        Assert.Contains("name.invalid", results[0].Detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_block_gives_one_result_for_each_address_and_port(string transport)
    {
        var port = ClosedPort();
        var results = Scan(transport, ["127.0.0.0/30"], [port, port]);

        Assert.Equal(8, results.Count);
        Assert.Equal("127.0.0.3", results[^1].ComputerName);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_name_gives_one_result_with_the_address_that_answered(string transport)
    {
        // The hosts file of many machines has one of them alone for the name.
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var listener = Listen(address);
            var result = Assert.Single(Scan(transport, ["localhost"], [listener.Port]));

            Assert.Equal(PortStatus.Open, result.GetStatus());
            Assert.Equal("localhost", result.ComputerName);
            Assert.Equal(address.ToString(), result.Address);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_udp_port_is_open_when_it_responds(string transport)
    {
        using var server = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var stop = new CancellationTokenSource();
        var echo = Echo(server, stop.Token);
        var result = Assert.Single(Scan(
            transport, ["127.0.0.1"], [((IPEndPoint)server.Client.LocalEndPoint!).Port], SocketProtocol.Udp, timeout: 30));

        Assert.Equal(PortStatus.Open, result.GetStatus());
        Assert.Equal(SocketProtocol.Udp, result.GetProtocol());
        await stop.CancelAsync();
        await echo;
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_udp_port_is_closed_when_an_icmp_message_says_so(string transport)
    {
        var result = Assert.Single(Scan(transport, ["127.0.0.1"], [ClosedUdpPort()], SocketProtocol.Udp, timeout: 30));
        Assert.Equal(PortStatus.Closed, result.GetStatus());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_silent_udp_port_is_open_or_filtered(string transport)
    {
        using var server = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var result = Assert.Single(Scan(
            transport, ["127.0.0.1"], [((IPEndPoint)server.Client.LocalEndPoint!).Port], SocketProtocol.Udp, timeout: 0.1));

        Assert.Equal(PortStatus.OpenOrFiltered, result.GetStatus());
        Assert.False(result.Available);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_self_connection_counts_as_closed(string transport)
    {
        // Repeatedly to each ephemeral port, until the system picks the same port for our side; each self-connection would be Open.
        var range = PortFinder.EphemeralRange();
        var ports = new PortRange(range.First, Math.Min(range.First + 2000, range.Last));
        using var scan = Create(transport, new PortScanOptions { Timeout = TimeSpan.FromSeconds(30) });
        var listening = Listening();
        scan.Add([OperatingSystem.IsMacOS() ? "127.0.0.1" : "127.0.0.77"], [ports]);
        var open = ReadAll(scan).Where(result => result.Available).Select(result => result.Port);

        Assert.Empty(open.Except(listening.Union(Listening())));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Waiting_detects_a_port_that_opens(string transport)
    {
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)reserved.LocalEndPoint!).Port;
        using var scan = Create(transport, new PortScanOptions { RetryLimit = TimeSpan.Zero });
        scan.Add(["127.0.0.1"], [new PortRange(port)]);
        scan.Complete();
        var results = new List<PortAvailability>();
        scan.Read(results, 200);
        Assert.Empty(results);

        reserved.Listen(1);
        Assert.Equal(PortStatus.Open, Assert.Single(ReadAll(scan)).GetStatus());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Waiting_ends_with_the_last_result(string transport)
    {
        using var scan = Create(transport, new PortScanOptions { RetryLimit = TimeSpan.FromSeconds(2) });
        scan.Add(["127.0.0.1"], [new PortRange(ClosedPort())]);
        Assert.Equal(PortStatus.Closed, Assert.Single(ReadAll(scan)).GetStatus());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [Trait("System", "Linux")]
    public void Waiting_detects_a_silent_port_that_opens(string transport)
    {
        using var silent = new SilentPort();
        using var scan = Create(transport, new PortScanOptions { RetryLimit = TimeSpan.FromSeconds(3), Timeout = TimeSpan.FromSeconds(0.2) });
        scan.Add(["127.0.0.1"], [new PortRange(silent.Port)]);
        Assert.Equal(PortStatus.TimedOut, Assert.Single(ReadAll(scan)).GetStatus());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [Trait("System", "Linux")]
    public void Disposing_closes_every_socket(string transport)
    {
        using var silent = new SilentPort();
        using (var scan = Create(transport, new PortScanOptions { Timeout = TimeSpan.FromMinutes(10) }))
        {
            scan.Add(["127.0.0.1"], [.. Enumerable.Repeat(new PortRange(silent.Port), 100)]);
            var none = new List<PortAvailability>();
            scan.Read(none, 200);
            Assert.Empty(none);
        }

        // A process that another test starts has copies of the descriptors until it runs its program.
        Assert.True(SpinWait.SpinUntil(
            () => !SocketTable.Read(SocketProtocol.Tcp).Entries.Any(entry =>
                entry.RemotePort == silent.Port && entry.State == PortHolderState.SynSent),
            Patience.Long));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_reader_that_stops_reading_stops_the_scan(string transport)
    {
        using var scan = Create(transport, new PortScanOptions { ThrottleLimit = 1 });
        scan.Add(["127.0.0.0/8"], [PortRange.All]);
        var results = new List<PortAvailability>();
        scan.Read(results, 30_000);

        Assert.NotEmpty(results);
        Assert.Equal(1, results[0].Port);
    }

    [Fact]
    public void A_cancelled_read_ends_at_once()
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(0.1));
        using var scan = new PortScan(new PortScanOptions { RetryLimit = TimeSpan.Zero }, cancellation.Token);
        scan.Add(["127.0.0.1"], [new PortRange(ClosedPort())]);
        Assert.Throws<OperationCanceledException>(() => scan.Read([], Timeout.Infinite));
    }

    [Fact]
    public void Reading_reports_room_for_more_input_and_the_end_of_the_scan()
    {
        using var scan = new PortScan(new PortScanOptions { ThrottleLimit = 2 });
        Assert.True(scan.HasRoom && scan.IsIdle);
        scan.Add(["127.0.0.1"], [new PortRange(1, 5)]);
        var results = new List<PortAvailability>();
        while (!scan.IsIdle)
        {
            scan.Read(results, Timeout.Infinite);
        }

        Assert.True(scan.HasRoom);
        Assert.False(scan.IsFinished);
        scan.Complete();
        Assert.True(scan.IsFinished);
        Assert.Equal(5, results.Count);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_connection_that_is_closed_at_once_does_not_stay(string transport)
    {
        using var closing = new TcpListener(IPAddress.Loopback, 0);
        closing.Start();
        using var staying = Listen(IPAddress.Loopback);
        using var stop = new CancellationTokenSource();
        var accepting = CloseAllAsync(closing, stop.Token);

        // A server that a busy machine runs late does not close at once: one that closes in time comes soon.
        var results = new List<PortAvailability>();
        for (var tries = 0; tries < 50 && (results.Count == 0 || results[0].GetStatus() == PortStatus.Open); tries++)
        {
            results = Verify(transport, PortVerification.Stays, [((IPEndPoint)closing.LocalEndpoint).Port, staying.Port, ClosedPort()]);
        }

        stop.Cancel();
        await accepting;

        Assert.Equal([PortStatus.ClosedAtOnce, PortStatus.Open, PortStatus.Closed], results.Select(static result => result.GetStatus()));
        Assert.All(results, static result => Assert.NotNull(result.LatencyMilliseconds));
    }

    private static async Task CloseAllAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                (await listener.AcceptSocketAsync(cancellationToken)).Dispose();
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Bytes_that_come_unsolicited_are_a_banner(string transport)
    {
        using var greeting = new TcpListener(IPAddress.Loopback, 0);
        greeting.Start();
        using var silent = Listen(IPAddress.Loopback);
        var stop = new TaskCompletionSource();
        var accepting = Task.Run(async () =>
        {
            using var client = await greeting.AcceptSocketAsync();
            client.Send([.. "220 \x1b[31mready\r\n"u8, .. new byte[1000]]);
            await stop.Task;
        });
        var results = Verify(transport, PortVerification.Greets, [((IPEndPoint)greeting.LocalEndpoint).Port, silent.Port], timeout: 2);
        stop.SetResult();
        await accepting;

        Assert.Equal([PortStatus.Open, PortStatus.Silent], results.Select(static result => result.GetStatus()));
        Assert.Equal(["Greets", "Greets"], results.Select(static result => result.Verification));
        Assert.Equal([null, Messages.Get("PortSilent")], results.Select(static result => result.Detail));
        Assert.StartsWith("220 \uFFFD[31mready", results[0].Banner, StringComparison.Ordinal);
        Assert.InRange(results[0].Banner!.Length, 1, 256);
        Assert.Null(results[1].Banner);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task What_a_server_answers_in_place_of_an_echo_is_told(string transport)
    {
        byte[] alert = [21, 3, 1, 0, 2, 2, 70];
        using var tls = new TcpListener(IPAddress.Loopback, 0);
        using var web = new TcpListener(IPAddress.Loopback, 0);
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        using var empty = new TcpListener(IPAddress.Loopback, 0);
        foreach (var listener in new[] { tls, web, mute, empty })
        {
            listener.Start();
        }

        var accepting = Task.WhenAll(Answer(tls, alert), Answer(web, [.. "HTTP/1.0 400 \x1b[31mBad\r\nMore: text\r\n"u8]), Answer(mute, []), Answer(empty, [.. "\r\n \n"u8]));
        var results = Verify(
            transport, PortVerification.Echoes, [.. new[] { tls, web, mute, empty }.Select(static one => ((IPEndPoint)one.LocalEndpoint).Port), ClosedPort()]);
        await accepting;

        Assert.Equal(
            [PortStatus.NotEcho, PortStatus.NotEcho, PortStatus.ClosedAtOnce, PortStatus.NotEcho, PortStatus.Closed],
            results.Select(static result => result.GetStatus()));
        Assert.Equal(
            [
                Messages.Get("PortSpeaksTls"),
                Messages.Get("PortNotEcho", "HTTP/1.0 400 \uFFFD[31mBad"),
                Messages.Get("PortClosedAfterLine"),
                Messages.Get("PortEmptyLine"),
            ],
            results.Take(4).Select(static result => result.Detail));
        Assert.All(results, static result => Assert.Equal("Echoes", result.Verification));

        static async Task Answer(TcpListener listener, byte[] answer)
        {
            using var client = await listener.AcceptSocketAsync();
            Assert.True(await client.ReceiveAsync(new byte[256], SocketFlags.None) > 0);
            await client.SendAsync(answer, SocketFlags.None);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_line_that_comes_back_in_pieces_is_an_echo_and_another_is_not(string transport)
    {
        using var echoing = new TcpListener(IPAddress.Loopback, 0);
        using var answering = new TcpListener(IPAddress.Loopback, 0);
        echoing.Start();
        answering.Start();
        var accepting = Task.WhenAll(Answer(echoing, static line => line), Answer(answering, static line => [(byte)'x', .. line[1..]]));
        var results = Verify(transport, PortVerification.Echoes, [((IPEndPoint)echoing.LocalEndpoint).Port, ((IPEndPoint)answering.LocalEndpoint).Port]);
        await accepting;

        Assert.Equal([PortStatus.Open, PortStatus.NotEcho], results.Select(static result => result.GetStatus()));

        static async Task Answer(TcpListener listener, Func<byte[], byte[]> answer)
        {
            using var client = await listener.AcceptSocketAsync();
            client.NoDelay = true;
            var line = new byte[256];
            var count = 0;
            while (count == 0 || line[count - 1] != '\n')
            {
                count += await client.ReceiveAsync(line.AsMemory(count), SocketFlags.None);
            }

            try
            {
                foreach (var one in answer(line[..count]))
                {
                    await client.SendAsync(new[] { one }, SocketFlags.None);
                }

                // The other side closes when it has seen enough.
                Assert.True(client.Poll(Patience.Long, SelectMode.SelectRead));
            }
            catch (SocketException)
            {
                // It has seen enough after the first byte that differs, and what comes after that meets a closed socket.
            }
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Over_UDP_only_the_same_datagram_is_an_echo(string transport)
    {
        using var stop = new CancellationTokenSource();
        using var echoing = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var longer = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var empty = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var answering = Task.WhenAll(
            Echo(echoing, stop.Token), Answer(longer, static asked => [.. asked, .. "more"u8]), Answer(empty, static _ => []));
        using var scan = Create(transport, new PortScanOptions { Protocol = SocketProtocol.Udp, Verify = PortVerification.Echoes, Timeout = TimeSpan.FromSeconds(30) });
        scan.Add(["127.0.0.1"], [.. new[] { echoing, longer, empty }.Select(static server => new PortRange(((IPEndPoint)server.Client.LocalEndPoint!).Port))]);

        var results = ReadAll(scan);

        Assert.Equal([PortStatus.Open, PortStatus.NotEcho, PortStatus.NotEcho], results.Select(static result => result.GetStatus()));
        Assert.Equal([null, Messages.Get("PortEchoAndMore", 47), Messages.Get("PortEmptyDatagram")], results.Select(static result => result.Detail));
        await stop.CancelAsync();
        await answering;

        static async Task Answer(UdpClient server, Func<byte[], byte[]> toAnswer)
        {
            var asked = await server.ReceiveAsync();
            var answer = toAnswer(asked.Buffer);
            await server.SendAsync(answer, answer.Length, asked.RemoteEndPoint);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [Trait("System", "Linux")]
    public void A_scan_asks_from_the_address_it_is_told(string transport)
    {
        using var listener = Listen(IPAddress.Loopback);
        using var scan = Create(transport, new PortScanOptions { SourceAddress = "127.0.0.5", Timeout = Patience.Long });
        scan.Add(["127.0.0.1"], [new PortRange(listener.Port), new PortRange(ClosedPort()), new PortRange(listener.Port)]);
        var results = ReadAll(scan);

        Assert.Equal([PortStatus.Open, PortStatus.Closed, PortStatus.Open], results.Select(static result => result.GetStatus()));
        Assert.All(results, static result => Assert.Equal("127.0.0.5", result.SourceAddress));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_wait_for_a_port_to_close_ends_when_no_address_is_open_any_more(string transport)
    {
        var listener = Listen(IPAddress.Loopback);
        using var scan = Create(transport, new PortScanOptions { RetryLimit = TimeSpan.Zero, Until = PortGoal.Closed, KeepsTrace = true });
        scan.Add(["127.0.0.1"], [new PortRange(listener.Port)]);
        scan.Complete();
        var results = new List<PortAvailability>();
        while (scan.TakeTrace().Count == 0)
        {
            scan.Read(results, Timeout.Infinite);
        }

        listener.Dispose();
        while (!scan.IsFinished)
        {
            scan.Read(results, Timeout.Infinite);
            scan.TakeTrace();
        }

        Assert.Equal(PortStatus.Closed, Assert.Single(results).GetStatus());
        Assert.True(results[0].Attempt > 1);
    }

    [Fact]
    public void Each_address_of_a_name_has_a_result_where_all_are_asked_for()
    {
        IPAddress[] addresses = [IPAddress.Parse("127.0.0.3"), IPAddress.Parse("127.0.0.2")];
        using var scan = new PortScan(new PortScanOptions { AllAddresses = true }, static setup => ProbeTransport.Create(setup), _ => Task.FromResult(addresses));
        Assert.Equal(4, scan.Add(["two"], [new PortRange(ClosedPort(), ClosedPort() + 1)]));

        Assert.Equal(["127.0.0.3", "127.0.0.3", "127.0.0.2", "127.0.0.2"], ReadAll(scan).Select(static result => result.Address));
    }

    [Fact]
    public void A_name_without_an_address_of_the_family_is_a_result_that_says_so()
    {
        using var scan = new PortScan(new PortScanOptions { IPv6 = true }, static setup => ProbeTransport.Create(setup), static _ => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        scan.Add(["old"], [new PortRange(ClosedPort())]);

        var result = Assert.Single(ReadAll(scan));
        Assert.Equal(PortStatus.NameNotFound, result.GetStatus());
        Assert.Contains("127.0.0.1", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_out_of_their_range_are_refused()
    {
        Refused(new PortScanOptions { Timeout = TimeSpan.Zero });
        Refused(new PortScanOptions { ThrottleLimit = 0 });
        Refused(new PortScanOptions { Protocol = SocketProtocol.Unix });
        Refused(new PortScanOptions { RetryLimit = TimeSpan.FromSeconds(-1) });
        Refused(new PortScanOptions { Protocol = SocketProtocol.Udp, Verify = PortVerification.Greets });
        Refused(new PortScanOptions { Until = PortGoal.Free });
        Refused(new PortScanOptions { IPv4 = true, IPv6 = true });
        Refused(new PortScanOptions { SourceAddress = "a name" });

        static void Refused(PortScanOptions options) =>
            Assert.Equal(SocketToolsError.InvalidOption, Assert.Throws<SocketToolsException>(() => new PortScan(options)).Error);
    }

    [Fact]
    public void An_address_of_the_other_family_is_what_its_error_is_about()
    {
        using var scan = new PortScan(new PortScanOptions { IPv4 = true });

        var error = Assert.Throws<SocketToolsException>(() => scan.Add(["::1"], [new PortRange(ClosedPort())]));

        Assert.Equal((SocketToolsError.InvalidOption, "::1"), (error.Error, error.Target));
    }

    private static PortScan Create(string transport, PortScanOptions options) => new(
        options, setup => transport == "epoll" ? new EpollProbeTransport(setup) : new SocketProbeTransport(setup), NameResolver.ToAddressesAsync);

    private static List<PortAvailability> Scan(
        string transport, string[] computers, int[] ports, SocketProtocol protocol = SocketProtocol.Tcp, double timeout = 30, int throttle = 512)
    {
        using var scan = Create(transport, new PortScanOptions
        {
            Protocol = protocol,
            Timeout = TimeSpan.FromSeconds(timeout),
            ThrottleLimit = throttle,
        });
        scan.Add(computers, [.. ports.Select(port => new PortRange(port))]);
        return ReadAll(scan);
    }

    private static List<PortAvailability> Verify(string transport, PortVerification verification, int[] ports, double timeout = 30)
    {
        using var scan = Create(transport, new PortScanOptions { Verify = verification, Timeout = TimeSpan.FromSeconds(timeout) });
        scan.Add(["127.0.0.1"], [.. ports.Select(static port => new PortRange(port))]);
        return ReadAll(scan);
    }

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

    private static HashSet<int> Listening() =>
        [.. SocketTable.Read(SocketProtocol.Tcp).Entries
            .Where(entry => entry.State == PortHolderState.Listen).Select(entry => entry.LocalPort)];

    private static Listener Listen(IPAddress address) => new(address);

    // Below the ephemeral range, from which other tests get their ports.
    private static int ClosedPort() => 1;

    private static int ClosedUdpPort() => 1;

    private static async Task Echo(UdpClient server, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var datagram = await server.ReceiveAsync(stop);
                await server.SendAsync(datagram.Buffer, datagram.RemoteEndPoint, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
            return;
        }
    }

    private sealed class Listener : IDisposable
    {
        private readonly TcpListener _listener;

        public Listener(IPAddress address)
        {
            _listener = new TcpListener(address, 0);
            _listener.Start();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose() => _listener.Dispose();
    }
}
