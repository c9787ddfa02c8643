using System.Globalization;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>The names of services (RFC 6335) from the system's table: <c>/etc/services</c>, or its equivalent on Windows.</summary>
public static class ServiceNames
{
    // A minimal container has no table, and that of Windows lacks some names; these are the common ones.
    private const string Fallback = """
        echo 7/tcp
        echo 7/udp
        discard 9/tcp
        discard 9/udp
        ftp 21/tcp
        ssh 22/tcp
        telnet 23/tcp
        smtp 25/tcp
        domain 53/tcp dns
        domain 53/udp dns
        http 80/tcp www
        pop3 110/tcp
        ntp 123/udp
        imap2 143/tcp imap
        snmp 161/udp
        ldap 389/tcp
        https 443/tcp
        microsoft-ds 445/tcp
        submission 587/tcp
        ldaps 636/tcp
        imaps 993/tcp
        pop3s 995/tcp
        ms-sql-s 1433/tcp
        mysql 3306/tcp
        ms-wbt-server 3389/tcp
        postgresql 5432/tcp
        http-alt 8080/tcp
        """;

    private static readonly Lazy<Table> System = new(ReadSystem);

    /// <summary>The names of the table, in order.</summary>
    public static IEnumerable<string> Names => System.Value.Ports.Keys;

    /// <summary>The port of a name or alias, ignoring case.</summary>
    /// <param name="name">The name.</param>
    /// <param name="port">The port, where the name is known.</param>
    public static bool TryGetPort(string name, out int port) => System.Value.Ports.TryGetValue(name, out port);

    /// <summary>The registered name of a port; null where it has none.</summary>
    /// <param name="port">The port.</param>
    /// <param name="protocol">Tcp or Udp: some ports have a name for one of them alone.</param>
    public static string? Of(int port, SocketProtocol protocol) =>
        (protocol == SocketProtocol.Udp ? System.Value.Udp : System.Value.Tcp).TryGetValue(port, out var name) ? name : null;

    private static Table ReadSystem()
    {
        var path = HostSystem.IsWindows
            ? Path.Combine(Environment.SystemDirectory, "drivers", "etc", "services")
            : "/etc/services";
        var known = Fallback.Split('\n');
        try
        {
            return Read(File.ReadLines(path).Concat(known));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Read(known);
        }
    }

    private static Table Read(IEnumerable<string> lines)
    {
        var table = new Table();
        foreach (var line in lines)
        {
            var comment = line.IndexOf('#');
            var fields = (comment < 0 ? line : line[..comment]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 2)
            {
                continue;
            }

            var slash = fields[1].IndexOf('/');
            if (slash > 0 && int.TryParse(fields[1][..slash], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            {
                table.Add(OutsideText.Clean(fields[0])!, fields.Skip(2).Select(alias => OutsideText.Clean(alias)!), port, fields[1][(slash + 1)..]);
            }
        }

        return table;
    }

    private sealed class Table
    {
        public SortedDictionary<string, int> Ports { get; } = new(StringComparer.OrdinalIgnoreCase);

        public Dictionary<int, string> Tcp { get; } = [];

        public Dictionary<int, string> Udp { get; } = [];

        // The first line of a name takes precedence, as in getservbyname.
        public void Add(string name, IEnumerable<string> aliases, int port, string protocol)
        {
            var names = string.Equals(protocol, "udp", StringComparison.OrdinalIgnoreCase) ? Udp
                : string.Equals(protocol, "tcp", StringComparison.OrdinalIgnoreCase) ? Tcp
                : null;
            if (names is null)
            {
                return;
            }

            if (!names.TryGetValue(port, out _))
            {
                names[port] = name;
            }

            foreach (var known in aliases.Prepend(name))
            {
                if (!Ports.TryGetValue(known, out _))
                {
                    Ports[known] = port;
                }
            }
        }
    }
}
