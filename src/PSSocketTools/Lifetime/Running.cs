using System.Management.Automation.Runspaces;

namespace PSSocketTools.Lifetime;

/// <summary>The process's running servers and open sessions.</summary>
internal static class Running
{
    public static Registry<EchoServer> Servers { get; } = new(static server => server.WhenStopped().IsCompleted);

    public static Registry<EchoSession> Sessions { get; } = new(static _ => false);

    /// <summary>The connections of all servers; datagrams have none.</summary>
    public static IEnumerable<EchoConnection> Connections() =>
        Servers.All().Where(static server => server.GetProtocol() != SocketProtocol.Udp).SelectMany(static server => server.GetConnections());

    /// <summary>The server of this process that has accepted a session's connection; null where there is none.</summary>
    public static EchoServer? ServerOf(EchoSession session) => Array.Find(
        Servers.All(),
        server => session.Port > 0
            ? server.Port == session.Port && server.GetProtocol() != SocketProtocol.Udp && server.GetConnections().Any(one => IsOf(session, one.RemoteAddress, one.RemotePort))
            : server.SocketPath is { } path && path == session.ToOptions().SocketPath);

    /// <summary>Whether a server's client is the session.</summary>
    public static bool IsOf(EchoSession session, string? remoteAddress, int? remotePort) => ViewCell.EndPoint(remoteAddress, remotePort) == session.LocalEndPoint;

    /// <summary>The faults of all servers.</summary>
    public static IEnumerable<(EchoServer Server, EchoServerFault Fault)> Faults() =>
        Servers.All().SelectMany(static server => server.GetFaults(), static (server, fault) => (server, fault));

    /// <summary>Lists a session until it is disconnected.</summary>
    public static void Add(EchoSession session) => Sessions.Add(session.Id, session, CurrentRunspace);

    /// <summary>Lists a server for as long as it runs.</summary>
    public static void Add(EchoServer server)
    {
        ProcessEnd.Watch();
        Servers.Add(server.Id, server, CurrentRunspace);
        _ = server.WhenStopped().ContinueWith((_, id) => Servers.Remove((int)id!), server.Id, TaskScheduler.Default);
    }

    /// <summary>The runspace the caller runs in, which owns what it starts.</summary>
    public static Guid CurrentRunspace => Runspace.DefaultRunspace?.InstanceId ?? Guid.Empty;
}
