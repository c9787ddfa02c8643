using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Net;

/// <summary>
/// The sockets of this user's processes, or with elevation of all, from lsof, which is part of macOS; and all others that listen,
/// without their processes, from .NET.
/// </summary>
internal sealed class MacSocketTable : SocketTable
{
    private readonly List<SocketEntry> _entries = [];
    private readonly Dictionary<long, string> _names = [];

    public MacSocketTable(params SocketProtocol[] protocols)
    {
        try
        {
            Parse(RunLsof(protocols));
        }
        catch (Win32Exception)
        {
            // Without lsof the owners are unknown.
        }

        foreach (var protocol in protocols)
        {
            AddListeners(protocol, PortBinding.ReadListeners(protocol == SocketProtocol.Udp ? SocketType.Dgram : SocketType.Stream));
        }
    }

    internal MacSocketTable(string lsofOutput) => Parse(lsofOutput);

    public override IReadOnlyList<SocketEntry> Entries => _entries;

    public override IReadOnlyList<SocketOwner> OwnersOf(SocketEntry entry) =>
        entry.Key == 0 ? [] : [new SocketOwner((int)entry.Key, _names.TryGetValue(entry.Key, out var name) ? name : null)];

    /// <summary>Adds the sockets that others connect or send to and lsof does not list.</summary>
    internal void AddListeners(SocketProtocol protocol, IEnumerable<IPEndPoint> listeners)
    {
        var known = _entries.Where(entry => entry.Protocol == protocol && entry.IsServer).ToLookup(static entry => entry.LocalPort);
        _entries.AddRange(listeners
            .Where(listener => !known[listener.Port].Any(entry => BindConflict.Conflicts(entry.LocalAddress, listener.Address)))
            .Select(listener => new SocketEntry(
                protocol, listener.Address, listener.Port, IPAddress.Any, 0, protocol == SocketProtocol.Udp ? PortHolderState.Bound : PortHolderState.Listen, 0)));
    }

    private static string RunLsof(SocketProtocol[] protocols)
    {
        // Whole names; process, command and user, then type, protocol, name and state of each socket.
        var sockets = string.Concat(protocols.Select(static protocol => protocol == SocketProtocol.Udp ? " -iUDP" : " -iTCP"));
        var start = new ProcessStartInfo("lsof", "-nP +c 0 -F pcutPnT" + sockets)
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

    // The output has one field a line: those of a process first, then those of each of its sockets, which begin with f.
    private void Parse(string output)
    {
        var id = 0L;
        var user = -1L;
        var socket = new SocketFields();
        foreach (var line in output.Split('\n').Append("f"))
        {
            var value = line.Length > 0 ? line[1..] : string.Empty;
            switch (line.Length > 0 ? line[0] : ' ')
            {
                case 'p':
                    AddEntry(socket, id, user);
                    socket = new SocketFields();
                    id = long.Parse(value, CultureInfo.InvariantCulture);
                    user = -1;
                    break;
                case 'c':
                    _names[id] = value;
                    break;
                case 'u':
                    user = long.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case 'f':
                    AddEntry(socket, id, user);
                    socket = new SocketFields();
                    break;
                case 't':
                    socket.IsIPv4 = value == "IPv4";
                    break;
                case 'P':
                    socket.IsUdp = value == "UDP";
                    break;
                case 'n':
                    socket.Name = value;
                    break;
                case 'T' when value.StartsWith("ST=", StringComparison.Ordinal):
                    socket.State = ToState(value[3..]);
                    break;
            }
        }
    }

    private void AddEntry(SocketFields socket, long id, long user)
    {
        if (socket.Name is null)
        {
            return;
        }

        var arrow = socket.Name.IndexOf("->", StringComparison.Ordinal);
        var any = socket.IsIPv4 ? IPAddress.Any : IPAddress.IPv6Any;
        var local = ParseEndPoint(arrow < 0 ? socket.Name : socket.Name[..arrow], any);
        var remote = arrow < 0 ? null : ParseEndPoint(socket.Name[(arrow + 2)..], any);
        if (local is not null)
        {
            // UDP has no states of its own.
            var state = !socket.IsUdp ? socket.State : remote is null ? PortHolderState.Bound : PortHolderState.Established;
            _entries.Add(new SocketEntry(
                socket.IsUdp ? SocketProtocol.Udp : SocketProtocol.Tcp, local.Address, local.Port, remote?.Address ?? any, remote?.Port ?? 0, state, id, user));
        }
    }

    // "127.0.0.1:80", "[::1]:80", "*:80"; "*:*" has no port.
    private static IPEndPoint? ParseEndPoint(string text, IPAddress any)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var host = text[..colon].Trim('[', ']');
        return host == "*" ? new IPEndPoint(any, port) : IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : null;
    }

    private static PortHolderState ToState(string state) => state switch
    {
        "LISTEN" => PortHolderState.Listen,
        "ESTABLISHED" => PortHolderState.Established,
        "SYN_SENT" => PortHolderState.SynSent,
        "SYN_RECEIVED" or "SYN_RCDV" => PortHolderState.SynReceived,
        "FIN_WAIT_1" => PortHolderState.FinWait1,
        "FIN_WAIT_2" => PortHolderState.FinWait2,
        "TIME_WAIT" => PortHolderState.TimeWait,
        "CLOSE_WAIT" => PortHolderState.CloseWait,
        "LAST_ACK" => PortHolderState.LastAck,
        "CLOSING" => PortHolderState.Closing,
        _ => PortHolderState.Closed,
    };

    /// <summary>What was read of a socket so far.</summary>
    private sealed class SocketFields
    {
        public string? Name { get; set; }

        public bool IsIPv4 { get; set; }

        public bool IsUdp { get; set; }

        public PortHolderState State { get; set; } = PortHolderState.Closed;
    }
}
