using System.Globalization;
using System.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>The sockets from /proc/net, and their owners from the descriptors in /proc.</summary>
internal sealed class LinuxSocketTable : SocketTable
{
    // Fields of a line of /proc/net/tcp: local and remote endpoint, state, user and inode.
    private const int LocalField = 1;
    private const int RemoteField = 2;
    private const int StateField = 3;
    private const int UserField = 7;
    private const int InodeField = 9;

    private const string Processes = "/proc";

    private readonly List<SocketEntry> _entries = [];
    private readonly Lazy<LinuxSocketOwners> _owners;

    public LinuxSocketTable(params SocketProtocol[] protocols)
    {
        foreach (var protocol in protocols)
        {
            var name = protocol == SocketProtocol.Udp ? "udp" : "tcp";
            foreach (var path in new[] { "/proc/net/" + name, "/proc/net/" + name + "6" })
            {
                // A kernel without IPv6 does not have its tables.
                if (File.Exists(path))
                {
                    Try(path, () => _entries.AddRange(Parse(File.ReadLines(path), protocol)));
                }
            }
        }

        // One walk over all processes finds the owners of all sockets.
        _owners = new(() =>
        {
            var owners = new LinuxSocketOwners();
            Try(Processes, () => owners.Read([.. _entries.Select(static entry => entry.Key)], Processes));
            return owners;
        });
    }

    public static bool IsSupported { get; } = HostSystem.IsLinux;

    public override IReadOnlyList<SocketEntry> Entries => _entries;

    public override void ReadOwners() => _ = _owners.Value;

    public override IReadOnlyList<SocketOwner> OwnersOf(SocketEntry entry) => entry.Key == 0 ? [] : _owners.Value.Of(entry.Key);

    public override string WhyUnknown(SocketEntry entry) =>
        WhyNobody(entry) ?? (_owners.Value.IsWhole || Failures.Count == 0 ? null : Failures[^1].Message) ?? Messages.Get(_owners.Value.IsIncomplete ? "PortHolderHidden" : "PortHolderElsewhere", Text(entry.UserId));

    /// <summary>Parses a table of /proc/net, with its heading.</summary>
    public static IEnumerable<SocketEntry> Parse(IEnumerable<string> lines, SocketProtocol protocol) =>
        lines.Skip(1).Select(line => Parse(line, protocol));

    private static SocketEntry Parse(string line, SocketProtocol protocol)
    {
        var fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var (localAddress, localPort) = ParseEndPoint(fields[LocalField]);
        var (remoteAddress, remotePort) = ParseEndPoint(fields[RemoteField]);
        return new SocketEntry(
            protocol,
            localAddress,
            localPort,
            remoteAddress,
            remotePort,
            ToState(Hex(fields[StateField]), protocol),
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

    // The numbers of include/net/tcp_states.h. A UDP socket without a peer has that of a closed one.
    private static PortHolderState ToState(int state, SocketProtocol protocol) => state switch
    {
        1 => PortHolderState.Established,
        2 => PortHolderState.SynSent,
        3 or 12 => PortHolderState.SynReceived,
        4 => PortHolderState.FinWait1,
        5 => PortHolderState.FinWait2,
        6 => PortHolderState.TimeWait,
        8 => PortHolderState.CloseWait,
        9 => PortHolderState.LastAck,
        10 => PortHolderState.Listen,
        11 => PortHolderState.Closing,
        _ => protocol == SocketProtocol.Udp ? PortHolderState.Bound : PortHolderState.Closed,
    };
}
