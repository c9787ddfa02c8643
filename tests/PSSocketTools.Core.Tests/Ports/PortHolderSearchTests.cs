using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Ports;

public sealed class PortHolderSearchTests
{
    private static readonly SocketEntry Listener = new(SocketProtocol.Tcp, IPAddress.Loopback, 8080, IPAddress.Any, 0, PortHolderState.Listen, 7);

    [Fact]
    public void It_tells_the_process_that_listens_and_all_of_it()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var holder = Assert.Single(new PortHolderSearch().Find(new PortHolderQuery { Ports = [new PortRange(port)], Protocols = [SocketProtocol.Tcp] }));

        using var self = Process.GetCurrentProcess();
        Assert.Equal(("Tcp", "127.0.0.1", port, "Listen", null), (holder.Protocol, holder.LocalAddress, holder.Port, holder.State, holder.RemoteEndPoint));
        Assert.Equal(self.Id, holder.ProcessId);
        Assert.Equal(self.ProcessName, holder.ProcessName);
        Assert.Equal(self.MainModule!.FileName, holder.ProcessPath);
        Assert.EndsWith(Environment.UserName, holder.UserName, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(self.StartTime, holder.StartTime!.Value, TimeSpan.FromSeconds(2));
        Assert.Equal(DateTimeKind.Local, holder.StartTime.Value.Kind);
        Assert.Null(holder.Detail);
    }

    [Fact]
    public void Connections_and_udp_with_a_peer_are_given_where_they_are_asked_for()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var client = new TcpClient("127.0.0.1", port);
        using var server = listener.AcceptTcpClient();
        var own = ((IPEndPoint)client.Client.LocalEndPoint!).Port;
        using var bound = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var udpPort = ((IPEndPoint)bound.Client.LocalEndPoint!).Port;

        var search = new PortHolderSearch();
        PortHolder[] Find(int wanted, params PortHolderState[] states) =>
            [.. search.Find(new PortHolderQuery { Ports = [new PortRange(wanted)], States = states.Length == 0 ? null : states, ProcessIds = [Environment.ProcessId] })];

        Assert.Equal("Listen", Assert.Single(Find(port)).State);
        Assert.Equal($"127.0.0.1:{own}", Assert.Single(Find(port, PortHolderState.Established)).RemoteEndPoint);
        Assert.Equal(["Listen", "Established"], Find(port, PortHolderState.All).Select(static one => one.State));
        Assert.Empty(Find(own));
        Assert.Equal("Bound", Assert.Single(Find(udpPort), static one => one.Protocol == "Udp").State);
        Assert.True(search.IsHeld(own));
    }

    [Fact]
    public void Several_sockets_and_several_processes_of_one_port_are_as_many_holders()
    {
        var shared = Listener with { LocalAddress = IPAddress.Any, Key = 8 };
        var table = new Table(
            [Listener, shared, Listener with { LocalPort = 80, Key = 9 }],
            new() { [7] = [new SocketOwner(1_000_000_001, "one")], [8] = [new SocketOwner(1_000_000_001, "one"), new SocketOwner(1_000_000_002, "two")] });

        Assert.Equal(
            [(80, null), (8080, 1_000_000_001), (8080, 1_000_000_002), (8080, (int?)1_000_000_001)],
            Find(table, new()).Select(static one => (one.Port, one.ProcessId)));
        Assert.Equal("unknown", Find(table, new())[0].Detail);
        Assert.Equal(["two"], Find(table, new() { IsProcessWanted = static name => name == "two" }).Select(static one => one.ProcessName));
        Assert.Equal([1_000_000_002], Find(table, new() { ProcessIds = [1_000_000_002] }).Select(static one => one.ProcessId));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1, 0.0.0.0")]
    [InlineData("127.0.0.2", "0.0.0.0")]
    [InlineData("0.0.0.0", "127.0.0.1, 0.0.0.0")]
    public void What_is_in_the_way_of_an_address_is_on_it_or_on_all(string address, string expected)
    {
        var table = new Table([Listener, Listener with { LocalAddress = IPAddress.Any }], []);

        Assert.Equal(
            expected.Split(", ").Order(),
            PortHolderSearch.Find(table, new PortHolderQuery(), [IPAddress.Parse(address)], default).Select(static one => one.LocalAddress).Order());
    }

    [Fact]
    public void A_protocol_without_ports_is_refused() =>
        Assert.Equal(
            SocketToolsError.InvalidOption,
            Assert.Throws<SocketToolsException>(static () => new PortHolderSearch().Find(new PortHolderQuery { Protocols = [SocketProtocol.Unix] }).ToArray()).Error);

    /// <summary>Each connection that no process has is told for what it is: waiting to be accepted, given up, or over.</summary>
    [Fact]
    [Trait("System", "Linux")]
    public void Why_a_connection_has_no_process_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var client = new TcpClient("127.0.0.1", port);
        Assert.True(listener.Server.Poll(Patience.Long, SelectMode.SelectRead));

        // Other programs may have connections from the same port to elsewhere.
        var own = ((IPEndPoint)client.Client.LocalEndPoint!).Port;
        PortHolder Found(int wanted) => new PortHolderSearch()
            .Find(new PortHolderQuery { Ports = [new PortRange(wanted)], States = [PortHolderState.All] })
            .Single(one => one.RemoteEndPoint == $"127.0.0.1:{(wanted == own ? port : own)}");

        Assert.Contains("backlog", Found(port).Detail, StringComparison.Ordinal);
        Assert.Null(Found(port).UserName);

        // Who closes first keeps the port.
        client.Close();
        var closing = Found(own);
        Assert.Null(closing.ProcessId);
        Assert.Contains("until the peer", closing.Detail, StringComparison.Ordinal);
        var accepted = listener.AcceptTcpClient();
        accepted.Close();
        Assert.True(SpinWait.SpinUntil(() => Found(own).State == "TimeWait", Patience.Long));
        Assert.Contains("TIME_WAIT", Found(own).Detail, StringComparison.Ordinal);
    }

    private static PortHolder[] Find(SocketTable table, PortHolderQuery query) => [.. PortHolderSearch.Find(table, query, null, default)];

    private sealed class Table(SocketEntry[] entries, Dictionary<long, SocketOwner[]> owners) : SocketTable
    {
        public override IReadOnlyList<SocketEntry> Entries { get; } = entries;

        public override IReadOnlyList<SocketOwner> OwnersOf(SocketEntry entry) => owners.TryGetValue(entry.Key, out var own) ? own : [];

        public override string WhyUnknown(SocketEntry entry) => "unknown";
    }
}
