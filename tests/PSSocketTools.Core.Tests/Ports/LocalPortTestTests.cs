using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Ports;

public sealed class LocalPortTestTests
{
    [Fact]
    public void A_free_port_is_available_before_and_after_the_test()
    {
        var port = FreePort();
        var test = new LocalPortTest("127.0.0.1");

        Assert.Equal(PortStatus.Available, test.Test(port).GetStatus());
        Assert.Equal(PortStatus.Available, test.Test(port).GetStatus());
        Assert.DoesNotContain(SocketTable.Read(SocketProtocol.Tcp).Entries, entry => entry.LocalPort == port);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("Any")]
    [InlineData("0.0.0.0")]
    public void A_listener_on_an_address_that_clashes_is_named(string address)
    {
        using var listener = Listen(IPAddress.Loopback);
        var result = new LocalPortTest(address).Test(Port(listener));

        Assert.Equal(PortStatus.InUse, result.GetStatus());
        Assert.False(result.Available);
        Assert.Equal("127.0.0.1", result.Address);
        Assert.Equal(Environment.ProcessId, result.ProcessId);
        Assert.NotNull(result.ProcessName);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("Any")]
    [InlineData("::1")]
    public void A_dual_stack_listener_clashes_with_both_families(string address)
    {
        using var listener = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        if (OperatingSystem.IsWindows())
        {
            // Else Windows lets the same user have a single address beside the wildcard.
            listener.ExclusiveAddressUse = true;
        }

        listener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        listener.Listen(1);
        var result = new LocalPortTest(address).Test(Port(listener));

        Assert.Equal(PortStatus.InUse, result.GetStatus());
        Assert.Equal("::", result.Address);
        Assert.Equal(Environment.ProcessId, result.ProcessId);
    }

    [Fact]
    public void A_listener_of_the_other_family_clashes_only_with_all_addresses()
    {
        using var listener = Listen(IPAddress.IPv6Loopback);
        Assert.Equal(PortStatus.InUse, new LocalPortTest("Any").Test(Port(listener)).GetStatus());
        Assert.Equal(PortStatus.Available, new LocalPortTest("127.0.0.1").Test(Port(listener)).GetStatus());
    }

    [Fact]
    public void A_udp_socket_holds_its_port_against_udp_alone()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var result = new LocalPortTest("Any", SocketProtocol.Udp).Test(Port(socket));

        Assert.Equal(PortStatus.InUse, result.GetStatus());
        Assert.Equal(Environment.ProcessId, result.ProcessId);
        Assert.NotEqual(Environment.ProcessId, new LocalPortTest("Any").Test(Port(socket)).ProcessId);
    }

    [Fact]
    public void An_address_of_another_machine_is_not_available()
    {
        // TEST-NET-1 (RFC 5737) is nobody's.
        var result = new LocalPortTest("192.0.2.1").Test(FreePort());
        Assert.Equal(PortStatus.AddressNotAvailable, result.GetStatus());
        Assert.Contains("192.0.2.1", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("System", "Linux")]
    public void A_port_in_time_wait_is_named_as_the_cause()
    {
        var address = OwnAddress.Pick();
        using var listener = Listen(IPAddress.Parse(address));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        BindAlone(client, address);
        client.Connect(listener.LocalEndPoint!);
        var port = Port(client);
        using var server = listener.Accept();
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, server.Receive(new byte[1]));
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, client.Receive(new byte[1]));
        client.Close();

        var result = new LocalPortTest(address).Test(port);
        Assert.Equal(PortStatus.InUse, result.GetStatus());
        Assert.Contains("TIME_WAIT", result.Detail, StringComparison.Ordinal);
        Assert.Null(result.ProcessId);
    }

    [Fact]
    public void A_connection_that_holds_a_port_is_distinguished_from_a_server()
    {
        var address = OwnAddress.Pick();
        using var listener = Listen(IPAddress.Parse(address));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        BindAlone(client, address);
        client.Connect(listener.LocalEndPoint!);
        var result = new LocalPortTest(address).Test(Port(client));

        Assert.Equal(PortStatus.InUse, result.GetStatus());
        Assert.Equal(Environment.ProcessId, result.ProcessId);
        Assert.Contains(listener.LocalEndPoint!.ToString()!, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_without_an_address_is_an_error() =>
        Assert.Equal(SocketToolsError.NameNotFound, Assert.Throws<SocketToolsException>(() => new LocalPortTest("name.invalid").Test(80)).Error);

    [Fact]
    public async Task Waiting_detects_a_port_that_becomes_free()
    {
        var listener = Listen(IPAddress.Loopback);
        var port = Port(listener);
        var test = new LocalPortTest("127.0.0.1");
        var wait = Task.Run(() => test.WaitUntil(port, PortGoal.Free, TimeSpan.Zero, CancellationToken.None));
        Assert.NotSame(wait, await Task.WhenAny(wait, Task.Delay(200)));

        listener.Dispose();
        Assert.Equal(PortStatus.Available, (await wait).GetStatus());
    }

    [Fact]
    public void Waiting_ends_when_the_time_is_over_or_it_is_cancelled()
    {
        using var listener = Listen(IPAddress.Loopback);
        var test = new LocalPortTest("127.0.0.1");
        Assert.Equal(
            PortStatus.InUse, test.WaitUntil(Port(listener), PortGoal.Free, TimeSpan.FromSeconds(0.1), CancellationToken.None).GetStatus());
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(0.1));
        Assert.Throws<OperationCanceledException>(() =>
            test.WaitUntil(Port(listener), PortGoal.Free, TimeSpan.Zero, cancellation.Token));
    }

    [Fact]
    public void Waiting_resolves_a_name_again_that_has_no_address_yet()
    {
        var asked = 0;
        var test = new LocalPortTest("soon", SocketProtocol.Tcp, name => ++asked switch
        {
            1 => Task.FromException<IPAddress[]>(new SocketToolsException(SocketToolsError.NameNotFound, name)),

            // An address of another machine (RFC 5737), and then ours.
            2 => Task.FromResult<IPAddress[]>([IPAddress.Parse("192.0.2.1")]),
            _ => Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
        });

        Assert.Equal(PortStatus.Available, test.WaitUntil(FreePort(), PortGoal.Free, Patience.Long, CancellationToken.None).GetStatus());
        Assert.Equal(3, asked);
    }

    [Fact]
    public void Waiting_for_a_name_ends_with_why_it_has_no_address()
    {
        var unknown = new LocalPortTest(
            "never", SocketProtocol.Tcp, name => Task.FromException<IPAddress[]>(new SocketToolsException(SocketToolsError.NameNotFound, name)));
        var slow = new LocalPortTest("slow", SocketProtocol.Tcp, _ => new TaskCompletionSource<IPAddress[]>().Task);

        foreach (var test in new[] { unknown, slow })
        {
            var refusal = Assert.Throws<SocketToolsException>(() => test.WaitUntil(80, PortGoal.Free, TimeSpan.FromSeconds(0.1), CancellationToken.None));
            Assert.Equal(SocketToolsError.NameNotFound, refusal.Error);
        }
    }

    [Fact]
    public void Waiting_for_a_resolver_that_hangs_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(0.1));
        var test = new LocalPortTest("slow", SocketProtocol.Tcp, _ => new TaskCompletionSource<IPAddress[]>().Task);

        Assert.Throws<OperationCanceledException>(() => test.Test(80, cancellation.Token));
        Assert.Throws<OperationCanceledException>(() => test.WaitUntil(80, PortGoal.Free, TimeSpan.Zero, cancellation.Token));
        Assert.Throws<OperationCanceledException>(
            () => PortFinder.Find(test, null, 1, new PortReservations(TimeSpan.FromSeconds(1)), cancellationToken: cancellation.Token));
    }

    private static Socket Listen(IPAddress address)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen(1);
        return listener;
    }

    /// <summary>
    /// Binds a client to a port that it shares with nobody. Where it does not ask, Linux may give it one that clients of other
    /// tests have too, and Windows lets a server have the port on a single address beside it.
    /// </summary>
    private static void BindAlone(Socket client, string address)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(address), 0);
        if (OperatingSystem.IsWindows())
        {
            client.Bind(endPoint);
            return;
        }

        // .NET sets SO_REUSEADDR when it binds: two such sockets may have the same port while neither listens.
        var bytes = endPoint.Serialize().Buffer[..endPoint.Serialize().Size].ToArray();
        Assert.Equal(0, BindWithoutReuse(client.SafeHandle, bytes, bytes.Length));
    }

    [DllImport("libc", EntryPoint = "bind")]
    private static extern int BindWithoutReuse(SafeSocketHandle socket, byte[] address, int length);

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    // Below the ephemeral range, from which the system assigns ports to other tests.
    private static int FreePort() =>
        PortFinder.Find(new LocalPortTest(), [new PortRange(20000, 29999)], 1, Reserved)[0].Port;

    private static readonly PortReservations Reserved = new(TimeSpan.FromMinutes(10));
}
