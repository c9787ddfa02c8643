using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>
/// The port ranges that Windows excludes, mostly for Hyper-V and WinNAT: every bind within one is denied. No system call lists them,
/// but netsh does.
/// </summary>
internal static class PortExclusions
{
    // How long the list is reused, for the tests of a whole range of ports.
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(5);

    private static readonly object Gate = new();
    private static readonly Dictionary<string, (long ReadAt, IReadOnlyList<PortRange> Ranges)> Known = [];

    /// <summary>The command that lists the ranges.</summary>
    public static string Command(AddressFamily family, SocketProtocol protocol) => "netsh " + Arguments(family, protocol);

    /// <summary>The excluded range of a port; null when there is none, or the ranges are not known.</summary>
    public static PortRange? Find(AddressFamily family, SocketProtocol protocol, int port)
    {
        if (!HostSystem.IsWindows)
        {
            return null;
        }

        foreach (var range in Ranges(Arguments(family, protocol)))
        {
            if (range.Contains(port))
            {
                return range;
            }
        }

        return null;
    }

    /// <summary>Parses the output of netsh: a line for each range, with its first and last port and a star where an administrator excluded it.</summary>
    /// <param name="output">The text, whose headings are in the system's language.</param>
    public static IReadOnlyList<PortRange> Parse(string output)
    {
        var ranges = new List<PortRange>();
        foreach (var line in output.Split('\n'))
        {
            var fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length is 2 or 3 && TryReadPort(fields[0], out var first) && TryReadPort(fields[1], out var last)
                && first <= last && (fields.Length == 2 || fields[2] == "*"))
            {
                ranges.Add(new PortRange(first, last));
            }
        }

        return ranges;
    }

    private static bool TryReadPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= PortRange.MaxPort;

    private static string Arguments(AddressFamily family, SocketProtocol protocol) => string.Format(
        CultureInfo.InvariantCulture,
        "int {0} show excludedportrange protocol={1}",
        family == AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4",
        protocol == SocketProtocol.Udp ? "udp" : "tcp");

    private static IReadOnlyList<PortRange> Ranges(string arguments)
    {
        lock (Gate)
        {
            if (!Known.TryGetValue(arguments, out var known) || Clock.System.Since(known.ReadAt) > Age)
            {
                known = (Clock.System.Timestamp, Parse(Run(arguments)));
                Known[arguments] = known;
            }

            return known.Ranges;
        }
    }

    private static string Run(string arguments)
    {
        try
        {
            using var netsh = Process.Start(new ProcessStartInfo(Path.Combine(Environment.SystemDirectory, "netsh.exe"), arguments)
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardOutput = true,
            });
            return netsh is null ? string.Empty : netsh.StandardOutput.ReadToEnd();
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException or IOException)
        {
            // A system without netsh, such as a Nano Server, says no more than that access is denied.
            return string.Empty;
        }
    }
}
