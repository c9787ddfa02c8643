using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace PSSocketTools.Net;

/// <summary>The sockets from the tables of IP Helper, each with its process.</summary>
internal sealed class WindowsSocketTable : SocketTable
{
    private const int FamilyInet = 2;
    private const int FamilyInet6 = 23;
    private const int TcpOwnerAll = 5;
    private const int UdpOwner = 1;
    private const int NoError = 0;
    private const int InsufficientBuffer = 122;

    private readonly List<SocketEntry> _entries = [];
    private readonly Dictionary<long, IReadOnlyList<SocketOwner>> _owners = [];

    public WindowsSocketTable(params SocketProtocol[] protocols)
    {
        foreach (var protocol in protocols)
        {
            Call call = protocol == SocketProtocol.Udp ? UdpTable : TcpTable;
            var name = protocol.ToString().ToUpperInvariant();
            Try(name + "/IPv4", () => _entries.AddRange(Parse(ReadTable(call, FamilyInet), protocol, isIPv6: false)));
            Try(name + "/IPv6", () => _entries.AddRange(Parse(ReadTable(call, FamilyInet6), protocol, isIPv6: true)));
        }
    }

    private delegate int Call(byte[]? table, ref int size, int family);

    public override IReadOnlyList<SocketEntry> Entries => _entries;

    public override IReadOnlyList<SocketOwner> OwnersOf(SocketEntry entry) => entry.Key == 0 ? []
        : _owners.TryGetValue(entry.Key, out var known) ? known
        : _owners[entry.Key] = [OwnerWith((int)entry.Key)];

    public override string WhyUnknown(SocketEntry entry) => WhyNobody(entry) ?? base.WhyUnknown(entry);

    /// <summary>Parses a table: how many rows there are, then the rows, MIB_TCPROW_OWNER_PID, MIB_TCP6ROW_OWNER_PID and those of UDP.</summary>
    public static IEnumerable<SocketEntry> Parse(byte[] table, SocketProtocol protocol, bool isIPv6)
    {
        var (size, read) = (protocol == SocketProtocol.Udp, isIPv6) switch
        {
            (true, false) => (12, (Func<int, SocketEntry>)(row => new SocketEntry(
                protocol, Address(table, row, 4), Port(table, row + 4), IPAddress.Any, 0, PortHolderState.Bound, Id(table, row + 8)))),
            (true, true) => (28, row => new SocketEntry(
                protocol, Address(table, row, 16), Port(table, row + 20), IPAddress.IPv6Any, 0, PortHolderState.Bound, Id(table, row + 24))),
            (false, false) => (24, row => new SocketEntry(
                protocol, Address(table, row + 4, 4), Port(table, row + 8), Address(table, row + 12, 4), Port(table, row + 16),
                ToState(Number(table, row)), Id(table, row + 20))),
            (false, true) => (56, row => new SocketEntry(
                protocol, Address(table, row, 16), Port(table, row + 20), Address(table, row + 24, 16), Port(table, row + 44),
                ToState(Number(table, row + 48)), Id(table, row + 52))),
        };
        return Enumerable.Range(0, table.Length == 0 ? 0 : Number(table, 0)).Select(i => read(sizeof(int) + (i * size)));
    }

    // MIB_TCP_STATE, and the number that newer systems have for a socket that is bound and does not listen.
    private static PortHolderState ToState(int state) => state switch
    {
        2 => PortHolderState.Listen,
        3 => PortHolderState.SynSent,
        4 => PortHolderState.SynReceived,
        5 => PortHolderState.Established,
        6 => PortHolderState.FinWait1,
        7 => PortHolderState.FinWait2,
        8 => PortHolderState.CloseWait,
        9 => PortHolderState.Closing,
        10 => PortHolderState.LastAck,
        11 => PortHolderState.TimeWait,
        100 => PortHolderState.Bound,
        _ => PortHolderState.Closed,
    };

    private static SocketOwner OwnerWith(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return new SocketOwner(id, process.ProcessName);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // The process has just ended, or its name is not accessible; the id is known anyway.
            return new SocketOwner(id, null);
        }
    }

    private static int TcpTable(byte[]? table, ref int size, int family) =>
        GetExtendedTcpTable(table, ref size, false, family, TcpOwnerAll, 0);

    private static int UdpTable(byte[]? table, ref int size, int family) =>
        GetExtendedUdpTable(table, ref size, false, family, UdpOwner, 0);

    private static IPAddress Address(byte[] table, int at, int length)
    {
        var bytes = new byte[length];
        Buffer.BlockCopy(table, at, bytes, 0, length);
        return new IPAddress(bytes);
    }

    private static int Port(byte[] table, int at) => (table[at] << 8) | table[at + 1];

    private static int Number(byte[] table, int at) => BitConverter.ToInt32(table, at);

    private static long Id(byte[] table, int at) => BitConverter.ToUInt32(table, at);

    private static byte[] ReadTable(Call call, int family)
    {
        byte[]? table = null;
        var size = 0;
        int error;
        // The table may grow between the call that returns its size and the one that fills it.
        while ((error = call(table, ref size, family)) == InsufficientBuffer)
        {
            table = new byte[size];
        }

        return error == NoError ? table ?? [] : throw new Win32Exception(error);
    }

    [DllImport("iphlpapi.dll")]
    private static extern int GetExtendedTcpTable(
        byte[]? table, ref int size, [MarshalAs(UnmanagedType.Bool)] bool order, int family, int tableClass, int reserved);

    [DllImport("iphlpapi.dll")]
    private static extern int GetExtendedUdpTable(
        byte[]? table, ref int size, [MarshalAs(UnmanagedType.Bool)] bool order, int family, int tableClass, int reserved);
}
