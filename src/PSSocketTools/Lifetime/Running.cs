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
