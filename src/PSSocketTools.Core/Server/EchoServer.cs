using System.Net.Sockets;
using System.Runtime.CompilerServices;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Faults;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport;
using PSSocketTools.Tls;

namespace PSSocketTools;

/// <summary>An echo server (RFC 862, and what else its options make of it), running in the background of this process.</summary>
public sealed partial class EchoServer : IDisposable
{
    private readonly EchoServerOptions _options;
    private readonly ServerSockets _sockets;
    private readonly ServerRecord _record;
    private readonly ConditionalWeakTable<Conversation, EchoConnection> _connections = new();
    private readonly FaultList _faults;
    private readonly ServerTransport _transport;
    private readonly JournalLog? _log;
    private readonly ServerIdentity _identity;
    private readonly UnixListener? _unixListener;
    private readonly long _startedAt;

    private EchoServer(
        EchoServerOptions options, TransportFactory transports, List<Socket> sockets, UnixListener? unixListener, ConversationPlan plan, JournalLog? log)
    {
        var clock = options.Clock;
        _options = options;
        _sockets = new ServerSockets(sockets, options.SocketPath);
        _identity = new ServerIdentity(options.Id, options.ServerName, _sockets.First?.Port ?? 0);
        CertificateThumbprint = options.Certificate is { } certificate ? Thumbprint.Of(certificate) : null;
        AllowFrom = string.Join(", ", options.AllowFrom);
        _faults = plan.Faults;
        _faults.ServerId = Id;
        _log = log;
        _unixListener = unixListener;
        _record = new ServerRecord(new EventJournal(_identity, options.EventCapacity, plan.Encoding, clock, options.EventMessageBytes, log?.Path), clock);
        _startedAt = clock.Timestamp;
        StartedAt = clock.Now.LocalDateTime;
        if (options.StopAfterConnections > 0)
        {
            _record.WhenEnded(options.StopAfterConnections, () => StopByItself(ServerEventReason.ConnectionLimit));
        }

        _transport = transports.Create(sockets, plan, _record, FailSocket);
        _faults.Removed += WakeConversations;
    }

    /// <summary>Its number among the servers of this process, as the options give it: by it cmdlets and events name a server.</summary>
    public int Id => _identity.Id;

    /// <summary>Its name, which need not be unique; one made of the id where the options give none.</summary>
    public string Name => _identity.Name;

    /// <summary>What carries the bytes: the name of a <see cref="SocketProtocol"/>.</summary>
    public string Protocol => GetProtocol().ToString();

    /// <summary>The address it was asked to listen on, as it was written; null on a Unix socket.</summary>
    public string? Address => _sockets.First is null ? null : _options.Address;

    /// <summary>The port it listens on; 0 on a Unix socket.</summary>
    public int Port => _identity.Port;

    /// <summary>Every endpoint it listens on, without those that failed; where none is left, or it has stopped, the last it listened on.</summary>
    public string EndPoint => _sockets.EndPoint;

    /// <summary>What a client on this machine connects to: loopback, where it listens on all addresses; null on a Unix socket.</summary>
    public string? ComputerName => _sockets.ConnectableName(_options.Address);

    /// <summary>The path of the Unix domain socket it listens on; null for a port.</summary>
    public string? SocketPath => _options.SocketPath;

    /// <summary>The name of a <see cref="ServerState"/>.</summary>
    public string State => CurrentState.ToString();

    /// <summary>Concurrent; Sequential, one client at a time; or Broadcast, each message to all the other clients.</summary>
    public string Mode => _options.IsBroadcasting ? "Broadcast" : _options.IsSequential ? "Sequential" : "Concurrent";

    /// <summary>The name of the <see cref="MessageFraming"/> it follows where it looks at messages.</summary>
    public string Framing => _options.Framing.ToString();

    /// <summary>The encoding of text on the wire, by its IANA name.</summary>
    public string Encoding => _options.Encoding.WebName;

    /// <summary>Whether clients talk to it through TLS.</summary>
    public bool IsEncrypted => _options.Certificate is not null;

    /// <summary>The SHA-256 thumbprint of its certificate, in hexadecimal, which pins it in a session; null without TLS.</summary>
    public string? CertificateThumbprint { get; }

    /// <summary>The faults that it has on purpose, each with its number and when it strikes; empty for none.</summary>
    public string Faults => string.Join(", ", _faults.All().Select(static fault => $"{fault} ({fault.When})"));

    /// <summary>The format of its responses; null for none.</summary>
    public string? ResponseFormat => _options.ResponseFormat;

    /// <summary>The addresses and blocks whose clients it serves, as they were given; empty for all.</summary>
    public string AllowFrom { get; }

    /// <summary>The file that gets its events; null for none.</summary>
    public string? LogPath => _options.LogPath;

    /// <summary>Why the log has ended, while the server continues without it; null while it is written, and without a log.</summary>
    public string? LogError => _record.Journal.LogError;

    /// <summary>What moves its bytes: Epoll, for Linux's event queue; Async, for .NET's asynchronous sockets.</summary>
    public string Transport => _transport.Name;

    /// <summary>When it began to listen, in local time.</summary>
    public DateTime StartedAt { get; }

    /// <summary>When it stopped, in local time; null while it runs.</summary>
    public DateTime? StoppedAt { get; private set; }

    /// <summary>The connections being served now.</summary>
    public long ActiveConnections => _record.ActiveConnections;

    /// <summary>The clients that wait to be accepted, as far as the system tells; null where it does not.</summary>
    public int? WaitingConnections => CurrentState == ServerState.Listening ? _transport.WaitingConnections : null;

    /// <summary>The connections served since it started.</summary>
    public long TotalConnections => _record.TotalConnections;

    /// <summary>The connections rejected since it started.</summary>
    public long RejectedConnections => _record.RejectedConnections;

    /// <summary>The messages received; on a plain echo, the receives.</summary>
    public long MessagesReceived => _record.MessagesReceived;

    /// <summary>The bytes received, framing included.</summary>
    public long BytesReceived => _record.BytesReceived;

    /// <summary>The bytes sent, framing included.</summary>
    public long BytesSent => _record.BytesSent;

    /// <summary>How many events the journal has overwritten.</summary>
    public long EventsDropped => _record.Journal.Dropped;

    /// <summary>The number of events of kind Error.</summary>
    public long Errors => _record.Journal.Errors.Count;

    /// <summary>Why it failed, when its state is Faulted; otherwise the last of its errors, or null.</summary>
    public string? Error => _failure ?? _record.Journal.Errors.Last;

    /// <summary>Whether other machines may reach it: an address it listens on is not a loopback one.</summary>
    public bool CanBeReachedFromOutside() => _sockets.CanBeReachedFromOutside;

    /// <summary>The sockets it listens on that have not failed, for tests, which close them as other code could.</summary>
    internal IReadOnlyList<Socket> OpenSockets() => _sockets.ToArray();

    /// <summary>The connections that are open, in the order of connecting: each from its Connected to its Disconnected event.</summary>
    /// <returns>The same object for the same connection each time.</returns>
    /// <exception cref="SocketToolsException">InvalidOption: datagrams have no connections.</exception>
    public IReadOnlyList<EchoConnection> GetConnections() => GetProtocol() == SocketProtocol.Udp
        ? throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("DatagramsHaveNoConnections", Name), this)
        : [.. _transport.Conversations.Select(ToConnection)];

    private EchoConnection ToConnection(Conversation conversation) => _connections.GetValue(
        conversation, open => new EchoConnection(this, open, _record.Clock.Now - _record.Clock.Since(open.Client.StartedAt)));

    /// <summary>Adds a fault, which strikes the messages and connections from now on, those that are open included.</summary>
    /// <param name="options">What it does and when.</param>
    /// <exception cref="SocketToolsException">InvalidOption: options are out of range, or do not go together or with this server; ServerStopped.</exception>
    public EchoServerFault AddFault(EchoServerFaultOptions options)
    {
        RequireFault(options);
        return _faults.Add(options);
    }

    /// <summary>Throws where <see cref="AddFault"/> would, and adds nothing.</summary>
    /// <param name="options">What it would do and when.</param>
    /// <exception cref="SocketToolsException">As of AddFault.</exception>
    public void RequireFault(EchoServerFaultOptions options)
    {
        (options ?? throw new ArgumentNullException(nameof(options)))
            .Validate(GetProtocol(), _options.IsDiscarding, _options.IsBroadcasting);
        RequireRunning();
    }

    /// <summary>The faults it has, in the order of adding, also those that have struck as often as they may.</summary>
    public IReadOnlyList<EchoServerFault> GetFaults() => _faults.All();

    /// <summary>Removes a fault; what it stalls or delays goes on at once.</summary>
    /// <param name="fault">The fault.</param>
    /// <returns>False when it was not there any more.</returns>
    public bool RemoveFault(EchoServerFault fault) => _faults.Remove(fault ?? throw new ArgumentNullException(nameof(fault)));

    /// <summary>Its events that the journal still holds, oldest first.</summary>
    /// <param name="kinds">The kinds wanted; null for all.</param>
    /// <param name="since">The earliest wanted; null for all.</param>
    /// <param name="last">How many of the latest; null for all.</param>
    public IReadOnlyList<ServerEvent> GetEvents(IReadOnlyCollection<ServerEventKind>? kinds = null, DateTimeOffset? since = null, int? last = null) =>
        GetEvents(new ServerEventQuery { Kind = kinds, Since = since, Last = last }, out _);

    /// <summary>Its events that the journal still holds, oldest first, and a follower for those that come after them.</summary>
    /// <param name="query">Which events.</param>
    /// <param name="follower">Follows from where the events end: none is missed, none comes twice.</param>
    public IReadOnlyList<ServerEvent> GetEvents(ServerEventQuery query, out ServerEventFollower follower)
    {
        var events = EventSearch.Find(_record.Journal, query ?? throw new ArgumentNullException(nameof(query)), out var next);
        follower = new ServerEventFollower(_record.Journal, next);
        return events;
    }

    /// <summary>Follows its events from the first one on.</summary>
    public ServerEventFollower Follow() => new(_record.Journal, 1);

    /// <summary>Waits until so many events have happened since the server started: those that happened before the call count.</summary>
    /// <param name="kinds">The kinds of events.</param>
    /// <param name="count">How many of them, 1 or more.</param>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The first so many events, less those the journal no longer holds.</returns>
    /// <exception cref="SocketToolsException">WaitTimeout; ServerStopped when it stopped before.</exception>
    public Task<IReadOnlyList<ServerEvent>> WaitForEventsAsync(
        IReadOnlyCollection<ServerEventKind> kinds, int count, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitForEventsAsync(new ServerEventQuery { Kind = kinds }, count, timeout, cancellationToken);

    /// <inheritdoc cref="WaitForEventsAsync(IReadOnlyCollection{ServerEventKind}, int, TimeSpan, CancellationToken)"/>
    /// <param name="query">Which events. Of more than kinds, those count that the journal still held when they were looked for.</param>
    /// <param name="count">How many of them, 1 or more.</param>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<ServerEvent>> WaitForEventsAsync(
        ServerEventQuery query, int count, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var search = new EventSearch(_record.Journal, query ?? throw new ArgumentNullException(nameof(query)));
        using var stopWaiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = Task.Delay(timeout, stopWaiting.Token);
        while (true)
        {
            var seen = search.CountUpTo(count, out var next);
            if (seen >= count)
            {
                stopWaiting.Cancel();
                return search.First(count);
            }

            var change = _record.Journal.WhenReached(next);
            if (await Task.WhenAny(change, timer).ConfigureAwait(false) == timer)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new SocketToolsException(
                    SocketToolsError.WaitTimeout, Messages.Get("WaitTimeout", Name, seen, count, timeout.TotalSeconds), this);
            }

            if (!await change.ConfigureAwait(false))
            {
                stopWaiting.Cancel();
                throw new SocketToolsException(SocketToolsError.ServerStopped, Messages.Get("WaitStopped", Name, seen, count), this);
            }
        }
    }

    /// <summary>What carries the bytes.</summary>
    public SocketProtocol GetProtocol() => _options.ActualProtocol;

    /// <summary>The framing it follows where it looks at messages.</summary>
    public MessageFraming GetFraming() => _options.Framing;

    /// <summary>What ends messages under Delimiter framing; null under others.</summary>
    public MessageDelimiter? GetDelimiter() => _options.Delimiter;

    /// <summary>What ends the lines that it sends unsolicited, as it was given; null for the default.</summary>
    public LineEnding? GetLineEnding() => _options.LineEnding;

    /// <summary>Whether it broadcasts: a message is sent to the other clients, and its sender has no response to wait for.</summary>
    public bool GetIsBroadcasting() => _options.IsBroadcasting;

    /// <summary>Throws when it has stopped and can't do what is asked.</summary>
    /// <exception cref="SocketToolsException">ServerStopped.</exception>
    public void RequireRunning()
    {
        if (CurrentState is not ServerState.Listening)
        {
            throw new SocketToolsException(SocketToolsError.ServerStopped, Messages.Get("ServerStopped", Name, EndPoint, State), this);
        }
    }

    /// <summary>Its name and endpoints.</summary>
    public override string ToString() => OutsideText.Clean($"{Name} ({EndPoint})")!;

    private void WakeConversations()
    {
        foreach (var conversation in _transport.Conversations)
        {
            conversation.Mailbox.Wake();
        }
    }
}
