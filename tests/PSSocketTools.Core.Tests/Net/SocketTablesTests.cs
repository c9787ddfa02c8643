using System.ComponentModel;
using System.Net;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

/// <summary>The tables of each system, read from what such a system has written; the real ones are there on that system alone.</summary>
public sealed class SocketTablesTests
{
    [Fact]
    public void It_reads_the_tables_of_Linux()
    {
        const string Tcp = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 81231 1 0000000000000000 100 0 0 10 0
               1: 0100007F:1F90 0200007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 81232 1 0000000000000000 20 4 30 10 -1
               2: 0100007F:C351 0100007F:1F90 06 00000000:00000000 03:000011F2 00000000     0        0 0 3 0000000000000000
            """;
        const string Udp6 = """
              sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
             100: 00000000000000000000000000000000:14E9 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4711 2 0000000000000000 0
             101: 00000000000000000000000001000000:14EA 00000000000000000000000001000000:0035 01 00000000:00000000 00:00000000 00000000   101        0 4712 2 0000000000000000 0
            """;

        Assert.Equal(
        [
            new SocketEntry(SocketProtocol.Tcp, IPAddress.Loopback, 8080, IPAddress.Any, 0, PortHolderState.Listen, 81231, 1000),
            new SocketEntry(SocketProtocol.Tcp, IPAddress.Loopback, 8080, IPAddress.Parse("127.0.0.2"), 50000, PortHolderState.Established, 81232, 1000),
            new SocketEntry(SocketProtocol.Tcp, IPAddress.Loopback, 50001, IPAddress.Loopback, 8080, PortHolderState.TimeWait, 0, 0),
        ], LinuxSocketTable.Parse(Tcp.Split('\n'), SocketProtocol.Tcp));
        Assert.Equal(
        [
            new SocketEntry(SocketProtocol.Udp, IPAddress.IPv6Any, 5353, IPAddress.IPv6Any, 0, PortHolderState.Bound, 4711, 101),
            new SocketEntry(SocketProtocol.Udp, IPAddress.IPv6Loopback, 5354, IPAddress.IPv6Loopback, 53, PortHolderState.Established, 4712, 101),
        ], LinuxSocketTable.Parse(Udp6.Split('\n'), SocketProtocol.Udp));
    }

    [Fact]
    public void It_reads_the_tables_of_Windows()
    {
        // Two rows of IPv4, one of IPv6; addresses and ports in network order, numbers in the processor's.
        var tcp = Convert.FromHexString(
            "02000000"
            + "02000000" + "00000000" + "01BB0000" + "00000000" + "00000000" + "04000000"
            + "05000000" + "0A000001" + "C3500000" + "0A000002" + "01BB0000" + "E8030000");
        var tcp6 = Convert.FromHexString(
            "01000000"
            + "00000000000000000000000000000001" + "00000000" + "1F900000"
            + "00000000000000000000000000000000" + "00000000" + "00000000" + "02000000" + "D2040000");
        var udp = Convert.FromHexString("01000000" + "7F000001" + "14E90000" + "90150000");
        var udp6 = Convert.FromHexString("01000000" + "00000000000000000000000000000000" + "00000000" + "14E90000" + "90150000");

        Assert.Equal(
        [
            new SocketEntry(SocketProtocol.Tcp, IPAddress.Any, 443, IPAddress.Any, 0, PortHolderState.Listen, 4),
            new SocketEntry(SocketProtocol.Tcp, IPAddress.Parse("10.0.0.1"), 50000, IPAddress.Parse("10.0.0.2"), 443, PortHolderState.Established, 1000),
        ], WindowsSocketTable.Parse(tcp, SocketProtocol.Tcp, isIPv6: false));
        Assert.Equal(
            [new SocketEntry(SocketProtocol.Tcp, IPAddress.IPv6Loopback, 8080, IPAddress.IPv6Any, 0, PortHolderState.Listen, 1234)],
            WindowsSocketTable.Parse(tcp6, SocketProtocol.Tcp, isIPv6: true));
        Assert.Equal(
            [new SocketEntry(SocketProtocol.Udp, IPAddress.Loopback, 5353, IPAddress.Any, 0, PortHolderState.Bound, 5520)],
            WindowsSocketTable.Parse(udp, SocketProtocol.Udp, isIPv6: false));
        Assert.Equal(
            [new SocketEntry(SocketProtocol.Udp, IPAddress.IPv6Any, 5353, IPAddress.IPv6Any, 0, PortHolderState.Bound, 5520)],
            WindowsSocketTable.Parse(udp6, SocketProtocol.Udp, isIPv6: true));
        Assert.Empty(WindowsSocketTable.Parse([], SocketProtocol.Tcp, isIPv6: true));
    }

    [Fact]
    public void It_reads_what_lsof_writes_and_adds_what_it_does_not_tell_of()
    {
        const string Output = """
            p321
            cnginx
            u501
            f6
            tIPv4
            PTCP
            n*:8080
            TST=LISTEN
            TQR=0
            TQS=0
            f7
            tIPv6
            PTCP
            n[::1]:9000
            TST=LISTEN
            p400
            ccurl
            u502
            f5
            tIPv4
            PTCP
            n127.0.0.1:50000->127.0.0.1:8080
            TST=ESTABLISHED
            p500
            cmDNSResponder
            u65
            f8
            tIPv6
            PUDP
            n*:5353
            f9
            tIPv4
            PUDP
            n*:*
            f10
            tIPv4
            PUDP
            n127.0.0.1:50001->127.0.0.1:53

            """;
        var table = new MacSocketTable(Output.ReplaceLineEndings("\n"));

        Assert.Equal(
        [
            new SocketEntry(SocketProtocol.Tcp, IPAddress.Any, 8080, IPAddress.Any, 0, PortHolderState.Listen, 321, 501),
            new SocketEntry(SocketProtocol.Tcp, IPAddress.IPv6Loopback, 9000, IPAddress.IPv6Any, 0, PortHolderState.Listen, 321, 501),
            new SocketEntry(SocketProtocol.Tcp, IPAddress.Loopback, 50000, IPAddress.Loopback, 8080, PortHolderState.Established, 400, 502),
            new SocketEntry(SocketProtocol.Udp, IPAddress.IPv6Any, 5353, IPAddress.IPv6Any, 0, PortHolderState.Bound, 500, 65),
            new SocketEntry(SocketProtocol.Udp, IPAddress.Loopback, 50001, IPAddress.Loopback, 53, PortHolderState.Established, 500, 65),
        ], table.Entries);
        Assert.Equal([new SocketOwner(321, "nginx")], table.OwnersOf(table.Entries[1]));
        Assert.Equal(321, BindConflict.Find(table, IPAddress.Loopback, 8080).ProcessId);

        table.AddListeners(SocketProtocol.Tcp, [new IPEndPoint(IPAddress.Any, 8080), new IPEndPoint(IPAddress.Loopback, 631)]);
        var added = Assert.Single(table.Entries.Skip(5));
        Assert.Equal(new SocketEntry(SocketProtocol.Tcp, IPAddress.Loopback, 631, IPAddress.Any, 0, PortHolderState.Listen, 0), added);
        Assert.Empty(table.OwnersOf(added));
        Assert.NotEmpty(table.WhyUnknown(added));
    }

    [Fact]
    public void A_table_that_fails_is_one_error_and_the_others_are_told()
    {
        var table = new PartialTable();

        Assert.Equal(53, Assert.Single(table.Entries).LocalPort);
        var failure = Assert.Single(table.Failures);
        Assert.Equal(SocketToolsError.SocketFailed, failure.Error);
        Assert.Equal("TCP/IPv4", failure.Target);
        Assert.Contains("TCP/IPv4", failure.Message, StringComparison.Ordinal);
        Assert.Equal(failure.Message, BindConflict.Find(table, IPAddress.Loopback, 80).Detail);
    }

    /// <summary>What the system tells of one table alone.</summary>
    private sealed class PartialTable : SocketTable
    {
        private readonly List<SocketEntry> _entries = [];

        public PartialTable()
        {
            Try("TCP/IPv4", static () => throw new Win32Exception(5));
            Try("TCP/IPv6", static () => throw new Win32Exception(5));
            Try("UDP/IPv4", () => _entries.Add(new SocketEntry(SocketProtocol.Udp, IPAddress.Any, 53, IPAddress.Any, 0, PortHolderState.Bound, 1)));
        }

        public override IReadOnlyList<SocketEntry> Entries => _entries;

        public override IReadOnlyList<SocketOwner> OwnersOf(SocketEntry entry) => [];
    }
}
