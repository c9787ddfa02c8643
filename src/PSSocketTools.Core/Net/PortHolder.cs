using System.Net;
using System.Net.NetworkInformation;

namespace PSSocketTools.Net;

/// <summary>The socket and the process that hold a port, as far as the system tells.</summary>
internal sealed record PortHolder
{
    /// <summary>The address it is bound to; null where no socket of the system's table has the port.</summary>
    public string? Address { get; init; }

    public int? ProcessId { get; init; }

    public string? ProcessName { get; init; }

    /// <summary>Why the process is unknown, or what holds the port instead of a listener; null when the other members are enough.</summary>
    public string? Detail { get; init; }

    /// <summary>Finds what prevents an address and port from being bound.</summary>
    /// <param name="table">The system's sockets.</param>
    /// <param name="address">The address that was to be bound.</param>
    /// <param name="port">The port.</param>
    public static PortHolder Find(SocketTable table, IPAddress address, int port)
    {
        var found = SocketWith(table, address, port);
        if (found is null)
        {
            return new PortHolder { Detail = Messages.Get("PortHolderUnknown") };
        }

        var local = EndPointText.Of(found.LocalAddress);
        if (found.State is TcpState.TimeWait)
        {
            return new PortHolder { Address = local, Detail = Messages.Get("PortInTimeWait", RemoteOf(found)) };
        }

        var owner = table.OwnerOf(found);
        var detail = found.State is TcpState.Listen or TcpState.Unknown ? null : Messages.Get("PortHeldByConnection", RemoteOf(found));
        return owner is { } process
            ? new PortHolder { Address = local, ProcessId = process.Id, ProcessName = process.Name, Detail = detail }
            : new PortHolder { Address = local, Detail = detail is null ? table.WhyUnknown(found) : detail + " " + table.WhyUnknown(found) };
    }

    /// <summary>Whether an address and port are in use. This does not search all processes for the owner.</summary>
    /// <param name="table">The system's sockets.</param>
    /// <param name="address">The address.</param>
    /// <param name="port">The port.</param>
    public static bool IsHeld(SocketTable table, IPAddress address, int port) => SocketWith(table, address, port) is not null;

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

    private static string RemoteOf(SocketEntry entry) => EndPointText.Of(EndPointText.Of(entry.RemoteAddress), entry.RemotePort);

    // A wildcard conflicts with every address of its family, and that of IPv6 may include IPv4.
    private static bool Conflicts(IPAddress held, IPAddress wanted) =>
        held.Equals(wanted) || IsWildcard(held) || IsWildcard(wanted) || EndPointText.Of(held) == EndPointText.Of(wanted);

    private static bool IsWildcard(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static int Rank(SocketEntry entry, IPAddress wanted) =>
        (entry.State switch
        {
            TcpState.Listen or TcpState.Unknown => 4,
            TcpState.TimeWait => 0,
            _ => 2,
        })
        + (entry.LocalAddress.AddressFamily == wanted.AddressFamily ? 1 : 0);
}
