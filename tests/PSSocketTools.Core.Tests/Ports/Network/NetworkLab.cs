using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using Xunit;

namespace PSSocketTools.Tests.Ports.Network;

/// <summary>
/// A client, a router and a server, each in a network namespace of its own, which ends with the process that a test runs in it:
/// the client's. Nothing of it reaches another network. The numbers are those of 10.99.x.y and of fd99:x::y.
/// </summary>
internal sealed class NetworkLab : IDisposable
{
    public const string Scenario = "scenario";

    /// <summary>The client's two addresses, the router's one on its side, and the server's.</summary>
    public const string Client = "10.99.1.2", OtherClient = "10.99.1.3", Router = "10.99.1.1", Server = "10.99.2.2";

    /// <summary>The same over IPv6.</summary>
    public const string Client6 = "fd99:1::2", OtherClient6 = "fd99:1::3", Router6 = "fd99:1::1", Server6 = "fd99:2::2";

    // What goes to network 3 is dropped, 4 is unreachable, 5 is prohibited, and of 7 the router knows nothing. What goes to 6 is
    // dropped too, and answered by NetworkPeers.
    private const string Script = """
        mkdir -p /run/netns
        mount -t tmpfs lab /run/netns
        printf 'nameserver 10.99.2.2\noptions timeout:1 attempts:1\n' > /run/netns/resolv.conf
        printf 'hosts: files dns\n' > /run/netns/nsswitch.conf
        mount --bind /run/netns/resolv.conf /etc/resolv.conf
        if [ -e /etc/nsswitch.conf ]; then mount --bind /run/netns/nsswitch.conf /etc/nsswitch.conf; fi
        ip netns add r
        ip netns add s
        ip link add r type veth peer name c netns r
        ip -n r link add s type veth peer name r netns s
        ip link set lo up
        ip link set r up
        for there in c s lo; do ip -n r link set $there up; done
        for there in r lo; do ip -n s link set $there up; done
        for n in 2 3; do ip address add 10.99.1.$n/24 dev r; ip address add fd99:1::$n/64 dev r nodad; done
        ip -n r address add 10.99.1.1/24 dev c
        ip -n r address add fd99:1::1/64 dev c nodad
        ip -n r address add 10.99.2.1/24 dev s
        ip -n r address add fd99:2::1/64 dev s nodad
        ip -n s address add 10.99.2.2/24 dev r
        ip -n s address add fd99:2::2/64 dev r nodad
        ip route add default via 10.99.1.1
        ip -6 route add default via fd99:1::1
        ip -n s route add default via 10.99.2.1
        ip -n s -6 route add default via fd99:2::1
        for one in 3:blackhole 4:unreachable 5:prohibit 6:blackhole; do
            ip -n r route add ${one#*:} 10.99.${one%:*}.0/24
            ip -n r -6 route add ${one#*:} fd99:${one%:*}::/64
        done
        nsenter --net=/run/netns/r sh -e -c '
            cd /proc/sys/net
            echo 1 > ipv4/ip_forward
            echo 1 > ipv6/conf/all/forwarding
            echo 0 > ipv4/icmp_ratelimit
            echo 0 > ipv6/icmp/ratelimit'
        exec "$@"
        """;

    private static readonly Lazy<bool> Possible = new(static () => Succeeds("true"));
    private static readonly Lazy<bool> Dropping = new(static () => Succeeds("ip", "xfrm", "policy", "list"));

    private readonly List<Process> _peers = [];

    private NetworkLab()
    {
    }

    /// <summary>Whether this system has the programs for it, and lets this user make namespaces.</summary>
    public static bool IsPossible => Possible.Value;

    /// <summary>Whether its kernel can drop datagrams as well.</summary>
    public static bool CanDropDatagrams => Dropping.Value;

    /// <summary>Runs a scenario in the client's namespace, as a process of its own: a thread that changes its namespace spoils those that .NET makes from it.</summary>
    /// <param name="scenario">A lambda that captures nothing.</param>
    public static async Task RunAsync(Func<NetworkLab, Task> scenario)
    {
        var method = scenario.Method;
        using var process = Start([.. TestProcess.CommandLine, Scenario, method.DeclaringType!.FullName!, method.Name]);
        try
        {
            var said = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(2 * Patience.Long);
            Assert.True(process.ExitCode == 0, await said);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Runs a scenario in this process, which ends with its input.</summary>
    public static async Task<int> RunScenarioAsync(string type, string method)
    {
        _ = Task.Run(static () =>
        {
            Console.In.ReadToEnd();
            Environment.Exit(1);
        });
        try
        {
            var declaring = typeof(NetworkLab).Assembly.GetType(type)!;
            var run = declaring.GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic)!
                .CreateDelegate<Func<NetworkLab, Task>>(Activator.CreateInstance(declaring, nonPublic: true));
            using var lab = new NetworkLab();
            await run(lab);
            return 0;
        }
#pragma warning disable CA1031 // Whatever fails is told to the test that waits for this process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await Console.Error.WriteLineAsync(exception.ToString());
            return 1;
        }
    }

    /// <summary>Listens on a port of the server.</summary>
    public Task<NetworkPeer> ListenAsync(int port, string address = Server) =>
        StartAsync("s", NetworkPeers.Listening, address, port.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Answers each packet to network 6 as a router does, with the ICMP "destination unreachable" whose code is the last number of the address.</summary>
    public Task<NetworkPeer> RefuseAsync() => StartAsync("r", NetworkPeers.Refusing);

    /// <summary>Resolves names: none, until it is told an address, which all names have from then on.</summary>
    public Task<NetworkPeer> NameAsync() => StartAsync("s", NetworkPeers.Naming, Server);

    /// <summary>Connects the server to its network, or disconnects it.</summary>
    public static async Task SetServerAsync(bool isUp)
    {
        await IpAsync("-n", "s", "link", "set", "r", isUp ? "up" : "down");
        if (isUp)
        {
            await IpAsync("-n", "s", "route", "replace", "default", "via", "10.99.2.1");
        }
    }

    /// <summary>Has the client's network drop the datagrams between the loopback address and itself, as a packet filter may: their sender gets no error.</summary>
    public static async Task DropLoopbackDatagramsAsync()
    {
        await IpAsync("xfrm", "policy", "add", "dir", "in", "src", "127.0.0.1/32", "dst", "127.0.0.1/32", "proto", "udp", "action", "block");
        await File.WriteAllTextAsync("/proc/sys/net/ipv4/conf/lo/disable_policy", "0");
    }

    public void Dispose() => _peers.ForEach(static peer =>
    {
        peer.StandardInput.Close();
        peer.WaitForExit();
        peer.Dispose();
    });

    private async Task<NetworkPeer> StartAsync(string place, params string[] role)
    {
        var process = TestProcess.Start("nsenter", ["--net=/run/netns/" + place, .. TestProcess.CommandLine, .. role]);
        _peers.Add(process);
        var peer = new NetworkPeer(process);
        Assert.Equal(NetworkPeers.Ready, await peer.ReadAsync());
        return peer;
    }

    private static bool Succeeds(params string[] command)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            using var process = Start(command);
            process.StandardInput.Close();
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static async Task IpAsync(params string[] arguments)
    {
        using var process = TestProcess.Start("ip", arguments);
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said);
    }

    private static Process Start(IReadOnlyList<string> command) =>
        TestProcess.Start("unshare", ["--net", "--mount", "sh", "-e", "-c", Script, "sh", .. command]);
}

/// <summary>A process beside the client's.</summary>
internal sealed class NetworkPeer(Process process)
{
    public async Task<string?> ReadAsync()
    {
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience.Long);
        return line ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
    }

    public void Write(string line) => process.StandardInput.WriteLine(line);
}
