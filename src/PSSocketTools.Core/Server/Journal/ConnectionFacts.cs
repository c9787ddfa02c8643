namespace PSSocketTools.Server.Journal;

/// <summary>The identity of a connection, to which all its events refer.</summary>
internal sealed class ConnectionFacts(int id, string remoteAddress, int remotePort, long startedAt)
{
    /// <summary>The connection's number on its server, from 1 on.</summary>
    public int Id { get; } = id;

    /// <summary>The client's address; empty where the protocol has none.</summary>
    public string RemoteAddress { get; } = remoteAddress;

    /// <summary>The client's port; 0 where the protocol has none.</summary>
    public int RemotePort { get; } = remotePort;

    /// <summary>The clock's timestamp when the connection was accepted.</summary>
    public long StartedAt { get; } = startedAt;
}
