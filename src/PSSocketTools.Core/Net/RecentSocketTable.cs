using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>A snapshot of the system's sockets and their owners, taken anew once it is old, for many ports that are asked for one by one. For one thread.</summary>
/// <param name="protocols">Tcp, Udp or both.</param>
internal sealed class RecentSocketTable(params SocketProtocol[] protocols)
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private SocketTable? _table;
    private long _readAt;

    /// <summary>The last snapshot; null where there is none, or it is old.</summary>
    public SocketTable? Recent => _table is not null && Clock.System.Since(_readAt) <= Age ? _table : null;

    /// <summary>The last snapshot, or where it is old, a new one.</summary>
    public SocketTable Get() => Recent ?? Renew();

    /// <summary>Takes a new snapshot.</summary>
    public SocketTable Renew()
    {
        _table = SocketTable.Read(protocols);

        // Its age counts from its end: on a busy machine, to read it may take longer than it is kept.
        _table.ReadOwners();
        _readAt = Clock.System.Timestamp;
        return _table;
    }
}
