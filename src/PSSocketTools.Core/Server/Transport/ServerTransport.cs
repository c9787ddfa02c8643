using System.Net.Sockets;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Accepts a server's connections and moves the bytes of their conversations.</summary>
/// <param name="record">The server's counters and journal.</param>
/// <param name="onFailure">Called with what ended accepting or receiving, and the socket; null for all of them.</param>
internal abstract class ServerTransport(ServerRecord record, Action<Exception, Socket?> onFailure) : IDisposable
{
    /// <summary>The names of the two kinds, as EchoServer.Transport shows them.</summary>
    public const string Async = nameof(Async), Epoll = nameof(Epoll);

    /// <summary>How long a client may take to read the end of the conversation before its socket is closed.</summary>
    public const int LingerMilliseconds = 2000;

    /// <summary>
    /// The size of a send that has to wait: small, since it completes only when all of it was sent, and each completion shows that a
    /// slow client reads. A TLS record holds no more (RFC 8446, section 5.1).
    /// </summary>
    public const int MaxPendingSend = 16 * 1024;

    /// <summary>A busy connection yields to the others after so many steps without a wait.</summary>
    public const int MaxStepsPerTurn = 64;

    /// <summary>The server's counters and journal.</summary>
    public ServerRecord Record { get; } = record;

    /// <summary>Called with what ended accepting or receiving, and the socket; null for all of them.</summary>
    public Action<Exception, Socket?> OnFailure { get; } = onFailure;

    /// <summary>Its kind's name.</summary>
    public abstract string Name { get; }

    /// <summary>The number of connections that wait to be accepted; null where the system does not tell.</summary>
    public virtual int? WaitingConnections => null;

    /// <summary>The conversations that are open, in the order of connecting; datagrams have none.</summary>
    public virtual IReadOnlyList<Conversation> Conversations => [];

    /// <summary>Begins to accept.</summary>
    public abstract void Start();

    /// <summary>
    /// Ends accepting, closes idle connections, lets the others send their pending responses until
    /// <paramref name="gracePeriodOver"/>, then closes them too.
    /// </summary>
    /// <returns>Completes when no connection is left.</returns>
    public abstract Task StopAsync(CancellationToken gracePeriodOver);

    /// <summary>Reports a failure that concerns no client; never throws.</summary>
    public void Report(Exception exception) => Record.TryReport(exception);

    /// <summary>Completes when a task does, or when the grace period is over.</summary>
    protected static Task WhenAnyAsync(Task task, CancellationToken gracePeriodOver) =>
        Task.WhenAny(task, Task.Delay(Timeout.Infinite, gracePeriodOver));

    /// <summary>Releases resources after everything has stopped.</summary>
    public abstract void Dispose();
}
