using System.Net;
using System.Net.Sockets;
using PSSocketTools.Tests.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Ports;

public sealed class PortFinderTests
{
    private static readonly PortRange[] Range = [new(30000, 32000)];

    [Fact]
    public void It_finds_as_many_as_asked_for_in_the_range()
    {
        var found = PortFinder.Find(new LocalPortTest(), Range, 3, Forever());

        Assert.Equal(3, found.Select(result => result.Port).Distinct().Count());
        Assert.All(found, result => Assert.True(result.Available && Range[0].Contains(result.Port)));
    }

    [Fact]
    public void A_port_just_returned_is_not_returned_to_another()
    {
        var reservations = Forever();
        var ports = new int[8][];
        Parallel.For(0, ports.Length, i =>
            ports[i] = [.. PortFinder.Find(new LocalPortTest("127.0.0.1"), Range, 20, reservations).Select(result => result.Port)]);

        Assert.Equal(160, ports.SelectMany(port => port).Distinct().Count());
    }

    [Fact]
    public void A_range_with_too_few_free_ports_is_an_error_and_releases_its_reservations()
    {
        var reservations = Forever();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var held = new PortRange(((IPEndPoint)listener.LocalEndpoint).Port);
        var free = new PortRange(PortFinder.Find(new LocalPortTest(), Range, 1, Forever())[0].Port);

        var exception = Assert.Throws<SocketToolsException>(() => PortFinder.Find(new LocalPortTest(), [free, held], 2, reservations));

        Assert.Equal(SocketToolsError.NoFreePort, exception.Error);
        Assert.Contains(held.ToString(), exception.Message, StringComparison.Ordinal);
        Assert.True(reservations.TryTake(free.First, SocketProtocol.Tcp));
    }

    [Fact]
    public void Without_a_range_it_searches_the_ephemeral_ports()
    {
        var result = Assert.Single(PortFinder.Find(new LocalPortTest(), null, 1, Forever()));
        Assert.True(PortFinder.EphemeralRange().Contains(result.Port));
    }

    [Fact]
    public void A_reservation_expires()
    {
        var clock = new ManualClock();
        var reservations = new PortReservations(TimeSpan.FromSeconds(10), clock);
        Assert.True(reservations.TryTake(80, SocketProtocol.Tcp));
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.False(reservations.TryTake(80, SocketProtocol.Tcp));
        Assert.True(reservations.TryTake(80, SocketProtocol.Udp));

        // A change of the wall clock has no effect.
        clock.SetWall(DateTimeOffset.MinValue);
        Assert.False(reservations.TryTake(80, SocketProtocol.Tcp));
        clock.SetWall(DateTimeOffset.MaxValue);
        Assert.False(reservations.TryTake(80, SocketProtocol.Tcp));

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(reservations.TryTake(80, SocketProtocol.Tcp));
    }

    private static PortReservations Forever() => new(TimeSpan.FromHours(1));
}
