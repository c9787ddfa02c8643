using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Ports;

/// <summary>A test in network namespaces of its own, which need Linux, its right to make them, and the program ip; elsewhere it is left out, and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NamespaceFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> Missing = new(() =>
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux) || !LinuxEpoll.IsSupported)
        {
            return "Network namespaces are Linux's.";
        }

        try
        {
            using var lab = new NetworkLab();
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return "No network namespaces can be made here: " + exception.Message;
        }
    });

    public NamespaceFactAttribute() => Skip = Missing.Value;
}

/// <summary>
/// A client, a router and a server, each in a network namespace of its own; nothing of it reaches another network. The router
/// drops what goes to 10.99.3.x, has no route to 10.99.4.x, forbids 10.99.5.x, and answers each packet to 10.99.6.x with the
/// ICMP "unreachable" whose code is the last number.
/// </summary>
internal sealed class NetworkLab : IDisposable
{
    public const string Client = "10.99.1.2";
    public const string OtherClient = "10.99.1.3";
    public const string Router = "10.99.1.1";
    public const string Server = "10.99.2.2";

    private const int NewNetwork = 0x40000000;

    private static int _made;

    private readonly string _name = $"pst{Environment.ProcessId}-{Interlocked.Increment(ref _made)}";
    private readonly List<string> _namespaces = [];

    /// <exception cref="InvalidOperationException">The system does not allow it.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no ip.</exception>
    public NetworkLab()
    {
        try
        {
            foreach (var place in new[] { "c", "r", "s" })
            {
                Ip("netns", "add", NameOf(place));
                _namespaces.Add(NameOf(place));
                Ip("-n", NameOf(place), "link", "set", "lo", "up");
            }

            Link("c", "r");
            Link("r", "s");
            Address("c", "r", Client + "/24");
            Address("c", "r", OtherClient + "/24");
            Address("r", "c", Router + "/24");
            Address("r", "s", "10.99.2.1/24");
            Address("s", "r", Server + "/24");
            Ip("-n", NameOf("c"), "route", "add", "default", "via", Router);
            Ip("-n", NameOf("s"), "route", "add", "default", "via", "10.99.2.1");
            Ip("-n", NameOf("r"), "route", "add", "blackhole", "10.99.3.0/24");
            Ip("-n", NameOf("r"), "route", "add", "unreachable", "10.99.4.0/24");
            Ip("-n", NameOf("r"), "route", "add", "prohibit", "10.99.5.0/24");
            Ip("-n", NameOf("r"), "route", "add", "blackhole", "10.99.6.0/24");
            In("r", static () =>
            {
                File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1");
                File.WriteAllText("/proc/sys/net/ipv4/icmp_ratelimit", "0");
                return true;
            });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs something in a namespace: the sockets and the threads that it makes are there too.</summary>
    public T In<T>(string place, Func<T> run)
    {
        // A thread that has changed its namespace is of no use for anything else.
        var task = new TaskCompletionSource<T>();
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle("/var/run/netns/" + NameOf(place));
                if (SetNamespace((int)file.DangerousGetHandle(), NewNetwork) != 0)
                {
                    throw new InvalidOperationException("setns: " + Marshal.GetLastPInvokeErrorMessage());
                }

                task.SetResult(run());
            }
            catch (Exception exception)
            {
                task.SetException(exception);
            }
        });
        thread.Start();
        thread.Join();
        return task.Task.GetAwaiter().GetResult();
    }

    /// <summary>Listens on a port of the server; the backlog accepts.</summary>
    public TcpListener Listen(int port) => In("s", () =>
    {
        var listener = new TcpListener(IPAddress.Parse(Server), port);
        listener.Start();
        return listener;
    });

    /// <summary>Connects the server to its network, or disconnects it.</summary>
    public void SetServer(bool isUp)
    {
        Ip("-n", NameOf("s"), "link", "set", "r", isUp ? "up" : "down");
        if (isUp)
        {
            Ip("-n", NameOf("s"), "route", "replace", "default", "via", "10.99.2.1");
        }
    }

    /// <summary>Answers as the router does for 10.99.6.x, until disposed of.</summary>
    public IDisposable Refuse() => In("r", static () => new Refusing());

    public void Dispose() => _namespaces.ForEach(static name => Ip("netns", "delete", name));

    private string NameOf(string place) => $"{_name}-{place}";

    private void Link(string one, string other)
    {
        Ip("link", "add", "name", other, "netns", NameOf(one), "type", "veth", "peer", "name", one, "netns", NameOf(other));
        Ip("-n", NameOf(one), "link", "set", other, "up");
        Ip("-n", NameOf(other), "link", "set", one, "up");
    }

    private void Address(string place, string link, string address) => Ip("-n", NameOf(place), "address", "add", address, "dev", link);

    private static void Ip(params string[] arguments)
    {
        var start = new ProcessStartInfo("ip", arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {said.Trim()}");
        }
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static extern int SetNamespace(int descriptor, int kind);

    /// <summary>Sees the packets of its namespace, and answers those to 10.99.6.x.</summary>
    private sealed class Refusing : IDisposable
    {
        // ETH_P_IP, in the network's order.
        private const int IPv4Frames = 0x0008;
        private const int EthernetHeader = 14;

        private readonly Socket _answers = new(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        private readonly Socket _packets = new(AddressFamily.Packet, SocketType.Raw, (ProtocolType)IPv4Frames);
        private readonly Thread _thread;
        private volatile bool _stopping;

        public Refusing()
        {
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose()
        {
            _stopping = true;
            _thread.Join();
            _packets.Dispose();
            _answers.Dispose();
        }

        private void Run()
        {
            var frame = new byte[2048];
            while (!_stopping)
            {
                if (!_packets.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead))
                {
                    continue;
                }

                var count = _packets.Receive(frame);

                // The same packet is seen once: it is dropped before it leaves.
                if (count > EthernetHeader + 28 && frame.AsSpan(EthernetHeader + 16, 3).SequenceEqual<byte>([10, 99, 6]))
                {
                    Answer(frame.AsSpan(EthernetHeader, count - EthernetHeader));
                }
            }
        }

        private void Answer(ReadOnlySpan<byte> packet)
        {
            // Type, code, checksum and four bytes unused, then the packet's header and the first 8 bytes behind it.
            byte[] message = [3, packet[19], 0, 0, 0, 0, 0, 0, .. packet[..(((packet[0] & 15) * 4) + 8)]];
            var sum = 0;
            for (var i = 0; i < message.Length; i += 2)
            {
                sum += (message[i] << 8) | message[i + 1];
            }

            sum = (sum & 0xFFFF) + (sum >> 16);
            sum = ~((sum & 0xFFFF) + (sum >> 16));
            (message[2], message[3]) = ((byte)(sum >> 8), (byte)sum);
            _answers.SendTo(message, new IPEndPoint(new IPAddress(packet.Slice(12, 4)), 0));
        }
    }
}
