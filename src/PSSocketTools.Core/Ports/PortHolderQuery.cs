namespace PSSocketTools;

/// <summary>Which holders of ports are wanted; what is left null is no matter.</summary>
public sealed record PortHolderQuery
{
    /// <summary>The ports, 1 to 65535, whose holders are wanted.</summary>
    public IReadOnlyCollection<PortRange>? Ports { get; init; }

    /// <summary>The protocols: Tcp, Udp or both.</summary>
    public IReadOnlyCollection<SocketProtocol>? Protocols { get; init; }

    /// <summary>
    /// What a server would listen on: an address of this machine, a name for some, <c>localhost</c> or <c>Any</c>. Wanted are the
    /// sockets in its way: those on the address itself, and those on all addresses.
    /// </summary>
    public string? Address { get; init; }

    /// <summary>The sockets' states, All for every one; null for what others connect or send to: TCP that listens, and UDP without a peer.</summary>
    public IReadOnlyCollection<PortHolderState>? States { get; init; }

    /// <summary>The ids of the processes whose ports are wanted.</summary>
    public IReadOnlyCollection<int>? ProcessIds { get; init; }

    /// <summary>Whether a process of that name is wanted.</summary>
    public Predicate<string>? IsProcessWanted { get; init; }
}
