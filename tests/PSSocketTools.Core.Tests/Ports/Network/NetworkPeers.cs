using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Tests.Ports.Network;

/// <summary>What runs in the namespaces beside the client's; each says when it is ready, and ends with its input.</summary>
internal static class NetworkPeers
{
    public const string Listening = "listen", Refusing = "refuse", Naming = "name", Ready = "ready";

    private const int EthernetHeader = 14;

    // ETH_P_ALL, in the network's order.
    private const int AllFrames = 0x0300;

    /// <summary>Accepts connections, and prints where each comes from.</summary>
    public static async Task<int> ListenAsync(string address, string port)
    {
        using var listener = new TcpListener(IPAddress.Parse(address), int.Parse(port, CultureInfo.InvariantCulture));
        listener.Start();
        return await RunAsync(async () =>
        {
            while (true)
            {
                using var client = await listener.AcceptSocketAsync();
                Console.WriteLine(((IPEndPoint)client.RemoteEndPoint!).Address);
            }
        });
    }

    /// <summary>Answers what goes to 10.99.6.x and fd99:6::x with "destination unreachable" of code x (RFC 792, RFC 4443).</summary>
    public static async Task<int> RefuseAsync()
    {
        using var packets = new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)AllFrames);
        using var inet = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        using var inet6 = new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
        return await RunAsync(async () =>
        {
            var frame = new byte[2048];
            while (true)
            {
                var packet = frame.AsMemory(EthernetHeader, Math.Max(await packets.ReceiveAsync(frame) - EthernetHeader, 0));

                // The router drops such a packet before it leaves, so that each is seen once.
                if (packet.Length >= 40 && packet.Span[0] >> 4 == 4 && packet.Span.Slice(16, 3).SequenceEqual<byte>([10, 99, 6]))
                {
                    inet.SendTo(Message(packet.Span, 3, packet.Span[19]), new IPEndPoint(new IPAddress(packet.Span.Slice(12, 4)), 0));
                }
                else if (packet.Length >= 60 && packet.Span[0] >> 4 == 6 && packet.Span.Slice(24, 4).SequenceEqual<byte>([0xFD, 0x99, 0, 6]))
                {
                    // The system fills in the checksum, which covers its source address (RFC 3542, section 3.1).
                    inet6.SendTo(Message(packet.Span, 1, packet.Span[39]), new IPEndPoint(new IPAddress(packet.Span.Slice(8, 16)), 0));
                }
            }
        });
    }

    /// <summary>Answers questions for IPv4 addresses (RFC 1035): no such name, until a line of input is the address of all names.</summary>
    public static async Task<int> NameAsync(string address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 53));
        IPAddress? known = null;
        return await RunAsync(
            async () =>
            {
                var query = new byte[512];
                while (true)
                {
                    var received = await socket.ReceiveFromAsync(query, new IPEndPoint(IPAddress.Any, 0));
                    Console.WriteLine(known is null ? "unknown" : "known");
                    await socket.SendToAsync(Answer(query.AsSpan(0, received.ReceivedBytes), Volatile.Read(ref known)), received.RemoteEndPoint);
                }
            },
            line => Volatile.Write(ref known, IPAddress.Parse(line)));
    }

    private static async Task<int> RunAsync(Func<Task> run, Action<string>? tell = null)
    {
        Console.WriteLine(Ready);
        var running = Task.Run(run);
        var input = Task.Run(() =>
        {
            while (Console.ReadLine() is { } line)
            {
                tell?.Invoke(line);
            }
        });
        await await Task.WhenAny(running, input);
        return 0;
    }

    private static byte[] Message(ReadOnlySpan<byte> packet, byte type, byte code)
    {
        // Type, code, checksum and four bytes unused, then the packet as far as its ports.
        byte[] message = [type, code, 0, 0, 0, 0, 0, 0, .. packet[..Math.Min(packet.Length, 60)]];
        var sum = 0;
        for (var i = 0; i < message.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(i));
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), (ushort)~((sum & 0xFFFF) + (sum >> 16)));
        return message;
    }

    private static byte[] Answer(ReadOnlySpan<byte> query, IPAddress? address)
    {
        var end = 12;
        while (query[end] != 0)
        {
            end += query[end] + 1;
        }

        // The name's final zero, type and class follow.
        end += 5;
        var isInet = query[end - 3] == 1;
        byte[] answer = [.. query[..end]];

        // A response; recursion is available; of a name that is not known, NXDOMAIN. One question, and nothing else as yet.
        answer[2] = 0x81;
        answer[3] = address is null ? (byte)0x83 : (byte)0x80;
        answer.AsSpan(6, 6).Clear();
        if (address is null || !isInet)
        {
            return answer;
        }

        // The name as a pointer to the question's, type A, class IN, a time to live of zero, and the address.
        answer[7] = 1;
        return [.. answer, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, .. address.GetAddressBytes()];
    }
}
