#if !NETSTANDARD_BUILD
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Platform;

/// <summary>Batches of datagrams over a real socket.</summary>
[Trait("System", "Linux")]
public sealed class LinuxDatagramsTests : IDisposable
{
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true, ReceiveTimeout = 20000 };

    public LinuxDatagramsTests()
    {
        Assert.True(LinuxDatagrams.IsSupported);
        _server.Bind(new IPEndPoint(IPAddress.Any, 0));
        DatagramPlatform.Prepare(_server);
        _client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    private int Descriptor => (int)_server.SafeHandle.DangerousGetHandle();

    /// <inheritdoc/>
    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
    }

    [Fact]
    public void All_that_wait_are_received_at_once_and_told_apart()
    {
        var datagrams = new LinuxDatagrams();
        Send("one", "127.0.0.1");
        Send(string.Empty, "127.0.0.2");
        Send("three", "127.0.0.3");
        Assert.Equal(3, datagrams.Receive(Descriptor));
        Assert.Equal(["one", string.Empty, "three"], Enumerable.Range(0, 3).Select(slot => Text(datagrams, slot)));
        Assert.Equal(["127.0.0.1", "127.0.0.2", "127.0.0.3"], Enumerable.Range(0, 3).Select(slot => $"{datagrams.LocalOf(slot).Address}"));
        Assert.All(Enumerable.Range(0, 3), slot =>
        {
            Assert.Equal(_client.LocalEndPoint, datagrams.EndPointOf(slot));
            Assert.Equal(datagrams.KeyOf(0), datagrams.KeyOf(slot));
        });

        Assert.Equal(-1, datagrams.Receive(Descriptor));
        Assert.Equal(Libc.EAgain, Marshal.GetLastWin32Error());

        // The headers that a receive has written to are as before.
        Send("again", "127.0.0.4");
        Assert.Equal(1, datagrams.Receive(Descriptor));
        Assert.Equal(("again", "127.0.0.4"), (Text(datagrams, 0), $"{datagrams.LocalOf(0).Address}"));
    }

    [Fact]
    public void More_than_there_is_room_for_wait_for_the_next_receive()
    {
        var datagrams = new LinuxDatagrams();
        for (var i = 0; i < LinuxDatagrams.Capacity + 1; i++)
        {
            Send($"{i}", "127.0.0.1");
        }

        Assert.Equal(LinuxDatagrams.Capacity, datagrams.Receive(Descriptor));
        Assert.Equal(1, datagrams.Receive(Descriptor));
        Assert.Equal($"{LinuxDatagrams.Capacity}", Text(datagrams, 0));
    }

    [Fact]
    public void One_that_is_longer_than_its_slot_is_known_as_truncated()
    {
        var datagrams = new LinuxDatagrams(slotSize: 4);
        Send("four", "127.0.0.1");
        Send("fives", "127.0.0.1");
        Send("six", "127.0.0.1");
        Assert.Equal(3, datagrams.Receive(Descriptor));
        Assert.Equal(["four", "five", "six"], Enumerable.Range(0, 3).Select(slot => Text(datagrams, slot)));
        Assert.Equal([false, true, false], Enumerable.Range(0, 3).Select(datagrams.IsTruncated));
    }

    [Fact]
    public void A_response_that_fails_stops_the_batch_there_and_the_rest_can_be_sent()
    {
        var datagrams = new LinuxDatagrams();
        Send("one", "127.0.0.2");
        Send("all", "127.255.255.255");
        Send("long", "127.0.0.1");
        Send("last", "127.0.0.3");
        Assert.Equal(4, datagrams.Receive(Descriptor));
        datagrams.Add(0, 3);
        datagrams.Add(1, 3);
        datagrams.Add(2, 65530);
        datagrams.Add(3, 4);

        Assert.Equal(1, datagrams.Send(Descriptor, 0));

        // A broadcast address is no source.
        Assert.Equal(-1, datagrams.Send(Descriptor, 1));
        Assert.True(datagrams.TryDropSource(1));
        Assert.Equal(1, datagrams.Send(Descriptor, 1));

        // Longer than any datagram, with its source and without.
        Assert.Equal(-1, datagrams.Send(Descriptor, 2));
        Assert.Equal(Libc.EMessageSize, Marshal.GetLastWin32Error());
        Assert.True(datagrams.TryDropSource(2));
        Assert.Equal(-1, datagrams.Send(Descriptor, 2));
        Assert.Equal(Libc.EMessageSize, Marshal.GetLastWin32Error());
        Assert.False(datagrams.TryDropSource(2));
        Assert.Equal(1, datagrams.Send(Descriptor, 3));
        Assert.Equal(["one 127.0.0.2", "all 127.0.0.1", "last 127.0.0.3"], [Receive(), Receive(), Receive()]);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.2")]
    [InlineData("::1", null)]
    public void Senders_are_told_apart_by_address_and_port(string address, string? other)
    {
        if (address == "::1" && !IPv6Stack.IsEnabled())
        {
            return;
        }

        var here = IPAddress.Parse(address);
        using var server = Bind(here, 0);
        using var first = Bind(here, 0);
        using var second = Bind(here, 0);
        using var third = other is null ? null : Bind(IPAddress.Parse(other), ((IPEndPoint)first.LocalEndPoint!).Port);
        Socket[] clients = third is null ? [first, second] : [first, second, third];
        foreach (var client in (Socket[])[.. clients, .. clients])
        {
            client.SendTo([1], server.LocalEndPoint!);
        }

        var datagrams = new LinuxDatagrams();
        Assert.Equal(2 * clients.Length, datagrams.Receive((int)server.SafeHandle.DangerousGetHandle()));
        for (var slot = 0; slot < clients.Length; slot++)
        {
            Assert.Equal(clients[slot].LocalEndPoint, datagrams.EndPointOf(slot));
            Assert.Equal(datagrams.KeyOf(slot), datagrams.KeyOf(slot + clients.Length));
            Assert.Null(datagrams.LocalOf(slot).Address);
        }

        Assert.Equal(clients.Length, Enumerable.Range(0, clients.Length).Select(datagrams.KeyOf).Distinct().Count());
    }

    private static Socket Bind(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    }

    private static string Text(LinuxDatagrams datagrams, int slot) =>
        Encoding.ASCII.GetString(datagrams.Bytes, datagrams.OffsetOf(slot), datagrams.LengthOf(slot));

    private void Send(string text, string address) =>
        _client.SendTo(Encoding.ASCII.GetBytes(text), new IPEndPoint(IPAddress.Parse(address), ((IPEndPoint)_server.LocalEndPoint!).Port));

    private string Receive()
    {
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        var buffer = new byte[100];
        var count = _client.ReceiveFrom(buffer, ref from);
        return $"{Encoding.ASCII.GetString(buffer, 0, count)} {((IPEndPoint)from).Address}";
    }
}
#endif
