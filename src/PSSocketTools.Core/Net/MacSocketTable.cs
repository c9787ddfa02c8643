using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;

namespace PSSocketTools.Net;

/// <summary>The sockets from lsof, which is part of macOS: those of this user's processes, or with elevation of all.</summary>
internal sealed class MacSocketTable : SocketTable
{
    private readonly List<SocketEntry> _entries = [];
    private readonly Dictionary<long, string> _names = [];

    public MacSocketTable(SocketProtocol protocol)
    {
        try
        {
            Parse(RunLsof(protocol));
        }
        catch (Win32Exception)
        {
            // Without lsof the owners are unknown, but .NET still lists the listeners.
            AddListeners(protocol);
        }
    }

    internal MacSocketTable(string lsofOutput) => Parse(lsofOutput);

    public override IReadOnlyList<SocketEntry> Entries => _entries;

    public override SocketOwner? OwnerOf(SocketEntry entry) =>
        entry.Key == 0 ? null : new SocketOwner((int)entry.Key, _names.TryGetValue(entry.Key, out var name) ? name : null);

    private static string RunLsof(SocketProtocol protocol)
    {
        var start = new ProcessStartInfo("lsof", "-nP -F pcnT -i " + (protocol == SocketProtocol.Udp ? "UDP" : "TCP"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start) ?? throw new Win32Exception();
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return process.StandardOutput.ReadToEnd();
    }

    // The output has one field a line: p and c for each process, then n and T for each of its sockets.
    private void Parse(string output)
    {
        var id = 0L;
        string? name = null;
        var state = TcpState.Unknown;
        foreach (var line in output.Split('\n').Append("f"))
        {
            switch (line.Length > 0 ? line[0] : ' ')
            {
                case 'p':
                    AddEntry(ref name, ref state, id);
                    id = long.Parse(line[1..], CultureInfo.InvariantCulture);
                    break;
                case 'c':
                    _names[id] = line[1..];
                    break;
                case 'f':
                    AddEntry(ref name, ref state, id);
                    break;
                case 'n':
                    name = line[1..];
                    break;
                case 'T' when line.StartsWith("TST=", StringComparison.Ordinal):
                    state = ToState(line[4..]);
                    break;
            }
        }
    }

    private void AddEntry(ref string? name, ref TcpState state, long id)
    {
        if (name is not null)
        {
            var arrow = name.IndexOf("->", StringComparison.Ordinal);
            var local = ParseEndPoint(arrow < 0 ? name : name[..arrow]);
            var remote = arrow < 0 ? null : ParseEndPoint(name[(arrow + 2)..]);
            if (local is not null)
            {
                _entries.Add(new SocketEntry(local.Address, local.Port, remote?.Address ?? IPAddress.Any, remote?.Port ?? 0, state, id));
            }
        }

        name = null;
        state = TcpState.Unknown;
    }

    // "127.0.0.1:80", "[::1]:80", "*:80"; "*:*" has no port.
    private static IPEndPoint? ParseEndPoint(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var host = text[..colon].Trim('[', ']');
        return IPAddress.TryParse(host == "*" ? "::" : host, out var address) ? new IPEndPoint(address, port) : null;
    }

    private static TcpState ToState(string state) => state switch
    {
        "LISTEN" => TcpState.Listen,
        "ESTABLISHED" => TcpState.Established,
        "SYN_SENT" => TcpState.SynSent,
        "SYN_RECEIVED" => TcpState.SynReceived,
        "FIN_WAIT_1" => TcpState.FinWait1,
        "FIN_WAIT_2" => TcpState.FinWait2,
        "TIME_WAIT" => TcpState.TimeWait,
        "CLOSED" => TcpState.Closed,
        "CLOSE_WAIT" => TcpState.CloseWait,
        "LAST_ACK" => TcpState.LastAck,
        "CLOSING" => TcpState.Closing,
        _ => TcpState.Unknown,
    };

    private void AddListeners(SocketProtocol protocol)
    {
        var properties = IPGlobalProperties.GetIPGlobalProperties();
        var (listeners, state) = protocol == SocketProtocol.Udp
            ? (properties.GetActiveUdpListeners(), TcpState.Unknown)
            : (properties.GetActiveTcpListeners(), TcpState.Listen);
        _entries.AddRange(listeners.Select(listener =>
            new SocketEntry(listener.Address, listener.Port, IPAddress.Any, 0, state, 0)));
    }
}
