using System.Net;

namespace PSSocketTools.Net;

/// <summary>The socket that prevents a bind, and its process, as far as the system reports them.</summary>
internal sealed record BindConflict
{
    /// <summary>The address it is bound to; null where no socket of the system's table has the port.</summary>
    public string? Address { get; init; }

    /// <summary>Its state; null where no socket of the system's table has the port.</summary>
    public PortHolderState? State { get; init; }

    public int? ProcessId { get; init; }

    public string? ProcessName { get; init; }

    /// <summary>Why the process is unknown, or what holds the port instead of a listener; null when the other members are enough.</summary>
    public string? Detail { get; init; }

    /// <summary>Finds what prevents an address and port from being bound.</summary>
    /// <param name="table">The system's sockets, of one protocol.</param>
    /// <param name="address">The address that was to be bound.</param>
    /// <param name="port">The port.</param>
    public static BindConflict Find(SocketTable table, IPAddress address, int port)
    {
        var found = SocketWith(table, address, port);
        if (found is null)
        {
            return new BindConflict { Detail = table.Failures.Count > 0 ? table.Failures[0].Message : Messages.Get("PortHolderUnknown") };
        }

        var conflict = new BindConflict { Address = EndPointText.Of(found.LocalAddress), State = found.State };
        if (found.State is PortHolderState.TimeWait)
        {
            return conflict with { Detail = Messages.Get("PortInTimeWait", SocketTable.RemoteOf(found)) };
        }

        var detail = found.IsServer ? null : Messages.Get("PortHeldByConnection", SocketTable.RemoteOf(found));
        var owners = table.OwnersOf(found);
        return owners.Count > 0
            ? conflict with { ProcessId = owners[0].Id, ProcessName = owners[0].Name, Detail = detail ?? SystemProcess.Explain(owners[0].Id) }
            : conflict with { Detail = detail is null ? table.WhyUnknown(found) : detail + " " + table.WhyUnknown(found) };
    }

    /// <summary>Whether an address and port are in use. This does not search all processes for the owner.</summary>
    /// <param name="table">The system's sockets, of one protocol.</param>
    /// <param name="address">The address.</param>
    /// <param name="port">The port.</param>
    public static bool Exists(SocketTable table, IPAddress address, int port) => SocketWith(table, address, port) is not null;

    /// <summary>Whether sockets on two addresses conflict: a wildcard conflicts with every address of its family, and that of IPv6 may include IPv4.</summary>
    public static bool Conflicts(IPAddress held, IPAddress wanted) =>
        AddressLiteral.IsWildcard(held) || AddressLiteral.IsWildcard(wanted) || AddressLiteral.Canonical(held).Equals(AddressLiteral.Canonical(wanted));

    private static SocketEntry? SocketWith(SocketTable table, IPAddress address, int port)
    {
        SocketEntry? found = null;
        foreach (var entry in table.Entries)
        {
            if (entry.LocalPort == port && Conflicts(entry.LocalAddress, address)
                && (found is null || Rank(entry, address) > Rank(found, address)))
            {
                found = entry;
            }
        }

        return found;
    }

    private static int Rank(SocketEntry entry, IPAddress wanted) =>
        (entry.IsServer ? 4 : entry.State is PortHolderState.TimeWait ? 0 : 2)
        + (entry.LocalAddress.AddressFamily == wanted.AddressFamily ? 1 : 0);
}
