using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using System.Text;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>The sockets from /proc/net, and their owners from the descriptors in /proc.</summary>
internal sealed unsafe class LinuxSocketTable : SocketTable
{
    // Fields of a line of /proc/net/tcp: local and remote endpoint, state, user and inode.
    private const int LocalField = 1;
    private const int RemoteField = 2;
    private const int StateField = 3;
    private const int UserField = 7;
    private const int InodeField = 9;

    private readonly List<SocketEntry> _entries = [];
    private readonly Lazy<Dictionary<long, SocketOwner>> _owners = new(ReadOwners);

    public LinuxSocketTable(SocketProtocol protocol)
    {
        var name = protocol == SocketProtocol.Udp ? "udp" : "tcp";
        foreach (var path in new[] { "/proc/net/" + name, "/proc/net/" + name + "6" })
        {
            // A kernel without IPv6 does not have its tables.
            if (File.Exists(path))
            {
                _entries.AddRange(File.ReadLines(path).Skip(1).Select(line => Parse(line, protocol)));
            }
        }
    }

    public static bool IsSupported { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    public override IReadOnlyList<SocketEntry> Entries => _entries;

    public override SocketOwner? OwnerOf(SocketEntry entry) =>
        _owners.Value.TryGetValue(entry.Key, out var owner) ? owner : null;

    private static SocketEntry Parse(string line, SocketProtocol protocol)
    {
        var fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var (localAddress, localPort) = ParseEndPoint(fields[LocalField]);
        var (remoteAddress, remotePort) = ParseEndPoint(fields[RemoteField]);
        return new SocketEntry(
            localAddress,
            localPort,
            remoteAddress,
            remotePort,
            protocol == SocketProtocol.Udp ? TcpState.Unknown : ToState(Hex(fields[StateField])),
            long.Parse(fields[InodeField], CultureInfo.InvariantCulture),
            long.Parse(fields[UserField], CultureInfo.InvariantCulture));
    }

    private static (IPAddress Address, int Port) ParseEndPoint(string text)
    {
        var colon = text.IndexOf(':');
        var bytes = new byte[colon / 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            // Each 32-bit word is in the processor's order, which on every processor .NET runs on puts the last byte first.
            var place = (i & ~3) | (3 - (i & 3));
            bytes[place] = (byte)Hex(text.Substring(i * 2, 2));
        }

        return (new IPAddress(bytes), Hex(text[(colon + 1)..]));
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // The numbers of include/net/tcp_states.h.
    private static TcpState ToState(int state) => state switch
    {
        1 => TcpState.Established,
        2 => TcpState.SynSent,
        3 or 12 => TcpState.SynReceived,
        4 => TcpState.FinWait1,
        5 => TcpState.FinWait2,
        6 => TcpState.TimeWait,
        7 => TcpState.Closed,
        8 => TcpState.CloseWait,
        9 => TcpState.LastAck,
        10 => TcpState.Listen,
        11 => TcpState.Closing,
        _ => TcpState.Unknown,
    };

    private static Dictionary<long, SocketOwner> ReadOwners()
    {
        var owners = new Dictionary<long, SocketOwner>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            try
            {
                string? name = null;
                foreach (var descriptor in Directory.EnumerateFiles(folder + "/fd"))
                {
                    // A forked child has its parent's sockets too; the parent, with the lower id as a rule, comes first.
                    if (SocketInode(descriptor) is { } inode && !owners.ContainsKey(inode))
                    {
                        owners.Add(inode, new SocketOwner(id, name ??= File.ReadAllText(folder + "/comm").TrimEnd('\n')));
                    }
                }
            }
            catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
            {
                // Another user's process, or one that has just ended: the owner of its sockets stays unknown, which WhyUnknown explains.
                continue;
            }
        }

        return owners;
    }

    // The descriptor is a link to a text such as "socket:[12345]".
    private static long? SocketInode(string path)
    {
        const string Prefix = "socket:[";
        const int Capacity = 64;
        var target = stackalloc byte[Capacity];
        int length;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            length = (int)Libc.ReadLink(name, target, Capacity);
        }

        if (length <= Prefix.Length)
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(target, length);
        return text.StartsWith(Prefix, StringComparison.Ordinal)
            ? long.Parse(text[Prefix.Length..^1], CultureInfo.InvariantCulture)
            : null;
    }
}
