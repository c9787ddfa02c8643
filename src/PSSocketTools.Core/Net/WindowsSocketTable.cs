using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
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

    public WindowsSocketTable(SocketProtocol protocol)
    {
        if (protocol == SocketProtocol.Udp)
        {
            // MIB_UDPROW_OWNER_PID and MIB_UDP6ROW_OWNER_PID.
            ReadTable(UdpTable, FamilyInet, 12, (table, row) => new SocketEntry(
                Address(table, row, 4), Port(table, row + 4), IPAddress.Any, 0, TcpState.Unknown, Number(table, row + 8)));
            ReadTable(UdpTable, FamilyInet6, 28, (table, row) => new SocketEntry(
                Address(table, row, 16), Port(table, row + 20), IPAddress.IPv6Any, 0, TcpState.Unknown, Number(table, row + 24)));
        }
        else
        {
            // MIB_TCPROW_OWNER_PID and MIB_TCP6ROW_OWNER_PID.
            ReadTable(TcpTable, FamilyInet, 24, (table, row) => new SocketEntry(
                Address(table, row + 4, 4), Port(table, row + 8), Address(table, row + 12, 4), Port(table, row + 16),
                (TcpState)Number(table, row), Number(table, row + 20)));
            ReadTable(TcpTable, FamilyInet6, 56, (table, row) => new SocketEntry(
                Address(table, row, 16), Port(table, row + 20), Address(table, row + 24, 16), Port(table, row + 44),
                (TcpState)Number(table, row + 48), Number(table, row + 52)));
        }
    }

    private delegate int Call(byte[]? table, ref int size, int family);

    public override IReadOnlyList<SocketEntry> Entries => _entries;

    public override SocketOwner? OwnerOf(SocketEntry entry)
    {
        if (entry.Key == 0)
        {
            return null;
        }

        try
        {
            using var process = Process.GetProcessById((int)entry.Key);
            return new SocketOwner(process.Id, process.ProcessName);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // The process has just ended, or its name is not accessible; the id is known anyway.
            return new SocketOwner((int)entry.Key, null);
        }
    }

    private static int TcpTable(byte[]? table, ref int size, int family) =>
        GetExtendedTcpTable(table, ref size, false, family, TcpOwnerAll, 0);

    private static int UdpTable(byte[]? table, ref int size, int family) =>
        GetExtendedUdpTable(table, ref size, false, family, UdpOwner, 0);

    private static IPAddress Address(byte[] table, int at, int length) => new(table.Skip(at).Take(length).ToArray());

    private static int Port(byte[] table, int at) => (table[at] << 8) | table[at + 1];

    private static int Number(byte[] table, int at) => BitConverter.ToInt32(table, at);

    [DllImport("iphlpapi.dll")]
    private static extern int GetExtendedTcpTable(
        byte[]? table, ref int size, [MarshalAs(UnmanagedType.Bool)] bool order, int family, int tableClass, int reserved);

    [DllImport("iphlpapi.dll")]
    private static extern int GetExtendedUdpTable(
        byte[]? table, ref int size, [MarshalAs(UnmanagedType.Bool)] bool order, int family, int tableClass, int reserved);

    private void ReadTable(Call call, int family, int rowSize, Func<byte[], int, SocketEntry> read)
    {
        byte[]? table = null;
        var size = 0;
        int error;
        // The table may grow between the call that returns its size and the one that fills it.
        while ((error = call(table, ref size, family)) == InsufficientBuffer)
        {
            table = new byte[size];
        }

        if (error != NoError)
        {
            throw new Win32Exception(error);
        }

        var count = table is null ? 0 : Number(table, 0);
        for (var i = 0; i < count; i++)
        {
            _entries.Add(read(table!, sizeof(int) + (i * rowSize)));
        }
    }
}
