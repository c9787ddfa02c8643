using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport;

namespace PSSocketTools;

/// <summary>An echo server (RFC 862, and what else its options make of it), running in the background of this process.</summary>
public sealed class EchoServer : IDisposable
{
    /// <summary>How long connections may take to send what is pending when a server stops, in seconds, where nothing else is said.</summary>
    public const double DefaultStopTimeoutSeconds = 5;

    private readonly object _gate = new();
    private readonly ListeningSockets _listening;
    private readonly ServerRecord _record;
    private readonly ConditionalWeakTable<Conversation, EchoConnection> _connections = new();
    private readonly ServerTransport _transport;
    private readonly IMessageResponder? _responder;
    private readonly X509Certificate2? _ownCertificate;
    private readonly JournalLog? _log;
    private readonly ServerFacts _facts;
    private readonly UnixListener? _unixListener;
    private readonly SocketProtocol _protocol;
    private readonly MessageFraming _framing;
    private readonly MessageDelimiter? _delimiter;
    private readonly LineEnding? _lineEnding;
    private readonly long _startedAt;
    private ServerState _state = ServerState.Listening;
    // A waiter that disposes the server waits for the stop, so that it must not run inside it.
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gracePeriod = new();
    private Deadline _gracePeriodEnd = Deadline.Never;
    private Task? _stopped;
    private ServerEventReason _stopReason;
    private Timer? _stopTimer;
    private volatile string? _faultedBy;

    private EchoServer(EchoServerOptions options, List<Socket> sockets, UnixListener? unixListener, ConversationPlan plan, JournalLog? log)
    {
        var clock = options.Clock;
        Id = options.Id;
        Name = options.Name ?? $"EchoServer{options.Id}";
        _protocol = options.ActualProtocol;
        SocketPath = options.SocketPath;
        _listening = new ListeningSockets(sockets, options.SocketPath);
        if (_listening.First is { } first)
        {
            Address = options.Address;
            Port = first.Port;
            ComputerName = _listening.ConnectableName(options.Address);
        }

        IsEncrypted = options.Certificate is not null;
        CertificateThumbprint = options.Certificate?.Thumbprint;
        Mode = options.IsSequential ? "Sequential" : "Concurrent";
        _framing = options.Framing;
        _delimiter = options.Delimiter;
        _lineEnding = options.LineEnding;
        Encoding = options.Encoding.WebName;
        Faults = options.DescribeFaults();
        ResponseFormat = options.ResponseFormat;
        AllowFrom = string.Join(", ", options.AllowFrom);
        LogPath = options.LogPath;
        _responder = options.Responder;
        _ownCertificate = options.OwnsCertificate ? options.Certificate : null;
        _log = log;
        _unixListener = unixListener;
        _facts = new ServerFacts(Id, Name, Port);
        _record = new ServerRecord(new EventJournal(_facts, options.EventCapacity, plan.Encoding, clock, options.EventMessageBytes, log?.Path), clock);
        _startedAt = clock.Timestamp;
        StartedAt = clock.Now.LocalDateTime;
        if (options.StopAfterConnections > 0)
        {
            _record.WhenEnded(options.StopAfterConnections, () => StopByItself(ServerEventReason.ConnectionLimit));
        }

        _transport = ServerTransports.Create(options, sockets, plan, _record, Fault);
    }

    /// <summary>Its id.</summary>
    public int Id { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What carries the bytes: the name of a <see cref="SocketProtocol"/>.</summary>
    public string Protocol => _protocol.ToString();

    /// <summary>The address it was asked to listen on.</summary>
    public string? Address { get; }

    /// <summary>The port it listens on; 0 on a Unix socket.</summary>
    public int Port { get; }

    /// <summary>Every endpoint it listens on, without those that failed; where none is left, or it has stopped, the last it listened on.</summary>
    public string EndPoint => _listening.EndPoint;

    /// <summary>What a client on this machine connects to.</summary>
    public string? ComputerName { get; }

    /// <summary>The path of the Unix domain socket it listens on; null for a port.</summary>
    public string? SocketPath { get; }

    /// <summary>The name of a <see cref="ServerState"/>.</summary>
    public string State => CurrentState.ToString();

    /// <summary>Concurrent, or Sequential: one client at a time.</summary>
    public string Mode { get; }

    /// <summary>The name of the <see cref="MessageFraming"/> it follows where it looks at messages.</summary>
    public string Framing => _framing.ToString();

    /// <summary>The encoding of text on the wire, by its IANA name.</summary>
    public string Encoding { get; }

    /// <summary>Whether clients talk to it through TLS.</summary>
    public bool IsEncrypted { get; }

    /// <summary>The thumbprint of its certificate; null without TLS.</summary>
    public string? CertificateThumbprint { get; }

    /// <summary>What is broken on purpose; empty for nothing.</summary>
    public string Faults { get; }

    /// <summary>The format of its responses; null for none.</summary>
    public string? ResponseFormat { get; }

    /// <summary>The addresses and blocks whose clients it serves, as they were given; empty for all.</summary>
    public string AllowFrom { get; }

    /// <summary>The file that gets its events; null for none.</summary>
    public string? LogPath { get; }

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
    public string? Error => _faultedBy ?? _record.Journal.Errors.Last;

    /// <summary>Whether other machines may reach it: an address it listens on is not a loopback one.</summary>
    public bool CanBeReachedFromOutside() => _listening.CanBeReachedFromOutside;

    /// <summary>The sockets it listens on that have not failed.</summary>
    internal IReadOnlyList<Socket> ListeningSockets() => _listening.ToArray();

    /// <summary>The connections that are open, in the order of connecting: each from its Connected to its Disconnected event.</summary>
    /// <returns>The same object for the same connection each time.</returns>
    /// <exception cref="SocketToolsException">InvalidOption: datagrams have no connections.</exception>
    public IReadOnlyList<EchoConnection> GetConnections() => _protocol == SocketProtocol.Udp
        ? throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("DatagramsHaveNoConnections", Name), this)
        : [.. _transport.Conversations.Select(ToConnection)];

    private EchoConnection ToConnection(Conversation conversation) => _connections.GetValue(
        conversation, open => new EchoConnection(this, open, _record.Clock.Now - _record.Clock.Since(open.Connection.StartedAt)));

    /// <summary>Ends when the server has stopped.</summary>
    public Task WhenStopped() => _completion.Task;

    private ServerState CurrentState
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    /// <summary>Starts a server; it listens when this returns.</summary>
    /// <param name="options">What it does and where.</param>
    /// <param name="cancellationToken">Ends the wait for the resolver.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled before the address was known.</exception>
    /// <exception cref="SocketToolsException">
    /// InvalidOption, NameNotFound, AddressNotAvailable, PortInUse, PortAccessDenied, TooManyOpenFiles or SocketFailed.
    /// </exception>
    public static EchoServer Start(EchoServerOptions options, CancellationToken cancellationToken = default)
    {
        if (options is null)
        {
            throw new ArgumentNullException(nameof(options));
        }

        try
        {
            return StartOnce(options, cancellationToken);
        }
        catch
        {
            DisposeCertificate(options.OwnsCertificate ? options.Certificate : null, null);
            throw;
        }
    }

    private static EchoServer StartOnce(EchoServerOptions options, CancellationToken cancellationToken)
    {
        var plan = options.ToPlan();
        _ = options.ToFilter();
        ServerTransports.RequireChoice(options);
        var log = options.LogPath is { } path ? JournalLog.Open(path) : null;
        List<Socket> sockets = [];
        UnixListener? unixListener = null;
        EchoServer? server = null;
        try
        {
            sockets = options.ActualProtocol switch
            {
                SocketProtocol.Unix => [(unixListener = UnixListener.Listen(options.SocketPath!, options.Backlog)).Socket],
                SocketProtocol.Udp => Listeners.BindDatagram(AddressName.ToLocal(options.Address, options.Resolver, cancellationToken), options.Port),
                _ => Listeners.Listen(AddressName.ToLocal(options.Address, options.Resolver, cancellationToken), options.Port, options.Backlog),
            };
            server = new EchoServer(options, sockets, unixListener, plan, log);
            log?.Follow(server._record.Journal, server._facts, plan.Encoding);
            server._record.Journal.Append(ServerEventKind.Started, text: server.EndPoint);
            server._transport.Start();
            server.StartStopTimer(options.StopAfter);
            return server;
        }
        catch
        {
            // Clean up after a failed start, and report the original error even if the cleanup fails too.
            Attempt.To(() => _ = unixListener?.RemoveFile());
            sockets.ForEach(static socket => Attempt.To(socket.Dispose));
            if (server is null)
            {
                Attempt.To(() => log?.Dispose());
            }
            else
            {
                // The log's thread runs already; it closes the file after the last event.
                Attempt.To(() => _ = server._record.Journal.Backlog.Finish());
                Attempt.To(server._record.Journal.End);
                Attempt.To(server._transport.Dispose);
            }

            throw;
        }
    }

    /// <summary>
    /// Stops it: ends accepting, closes idle connections at once, lets the others send their pending responses, then closes them.
    /// </summary>
    /// <param name="timeout">How long sending pending responses may take, up to 2^31 - 1 milliseconds; zero for no time at all.</param>
    /// <returns>Ends when it has stopped; the same task however often it is asked, and the shortest timeout counts.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative or too long.</exception>
    public Task StopAsync(TimeSpan timeout) => StopAsync(timeout, ServerEventReason.None);

    private void StopByItself(ServerEventReason reason) => _ = StopAsync(TimeSpan.FromSeconds(DefaultStopTimeoutSeconds), reason);

    /// <summary>Starts the timer of a server that stops by itself, unless it has stopped already.</summary>
    private void StartStopTimer(TimeSpan stopAfter)
    {
        lock (_gate)
        {
            if (stopAfter > TimeSpan.Zero && _stopped is null)
            {
                _stopTimer = new Timer(
                    static server => ((EchoServer)server!).StopByItself(ServerEventReason.TimeLimit),
                    this,
                    (long)Math.Ceiling(stopAfter.TotalMilliseconds),
                    Timeout.Infinite);
            }
        }
    }

    private Task StopAsync(TimeSpan timeout, ServerEventReason reason)
    {
        if (timeout < TimeSpan.Zero || timeout.TotalMilliseconds > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout));
        }

        var end = Deadline.AfterMilliseconds((int)timeout.TotalMilliseconds);
        lock (_gate)
        {
            // A limit that is reached while the server stops does not shorten the time its connections were given.
            if (_stopped is not null && reason != ServerEventReason.None)
            {
                return _stopped;
            }

            if (_stopped is null)
            {
                _state = ServerState.Draining;
                _stopReason = reason;
                _stopTimer?.Dispose();
                _stopped = Task.Run(StopOnceAsync);
            }

            // The shortest timeout of all callers counts.
            if (end.IsBefore(_gracePeriodEnd))
            {
                _gracePeriodEnd = end;
                _gracePeriod.CancelAfter(timeout);
            }

            return _stopped;
        }
    }

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
    public SocketProtocol GetProtocol() => _protocol;

    /// <summary>The framing it follows where it looks at messages.</summary>
    public MessageFraming GetFraming() => _framing;

    /// <summary>What ends messages under Delimiter framing; null under others.</summary>
    public MessageDelimiter? GetDelimiter() => _delimiter;

    /// <summary>What ends the lines that it sends unasked, as it was given; null for the default.</summary>
    public LineEnding? GetLineEnding() => _lineEnding;

    /// <summary>Throws when it has stopped and can't do what is asked.</summary>
    /// <exception cref="SocketToolsException">ServerStopped.</exception>
    public void RequireRunning()
    {
        if (CurrentState is not ServerState.Listening)
        {
            throw new SocketToolsException(SocketToolsError.ServerStopped, Messages.Get("ServerStopped", Name, EndPoint, State), this);
        }
    }

    /// <summary>Stops it without waiting for pending responses.</summary>
    public void Dispose() => StopAsync(TimeSpan.Zero).GetAwaiter().GetResult();

    /// <summary>Its name and endpoints.</summary>
    public override string ToString() => OutsideText.Clean($"{Name} ({EndPoint})")!;

    /// <summary>Stops part by part; a part that fails is reported in the journal, and the others are stopped anyway.</summary>
    private async Task StopOnceAsync()
    {
        // Connections that are blocked by a stalled log could not be closed.
        using var limitLogStall = _gracePeriod.Token.Register(() => Attempt.To(() => _record.Journal.Backlog.LimitStall(JournalLog.GracePeriod)));
        Attempt.To(RemoveSocketFile, Report);
        await Attempt.ToAsync(() => _transport.StopAsync(_gracePeriod.Token), Report).ConfigureAwait(false);
        Attempt.To(_transport.Dispose, Report);
        Attempt.To(() => _responder?.Dispose(), Report);
        DisposeCertificate(_ownCertificate, Report);

        lock (_gate)
        {
            _state = ServerState.Stopped;
            Attempt.To(() => StoppedAt = _record.Clock.Now.LocalDateTime, Report);
        }

        Attempt.To(() => _record.Journal.Append(ServerEventKind.Stopped, reason: _stopReason, text: EndPoint, duration: _record.Clock.Since(_startedAt)), Report);
        await Attempt.ToAsync(() => _log?.FinishAsync(_gracePeriod.Token) ?? Task.CompletedTask, Report).ConfigureAwait(false);
        Attempt.To(_record.Journal.End);
        lock (_gate)
        {
            // Over, so that no later stop shortens it.
            _gracePeriodEnd = default;
            _gracePeriod.Dispose();
        }

        _completion.TrySetResult(true);
    }

    private static void DisposeCertificate(X509Certificate2? certificate, Action<Exception>? report) =>
        Attempt.To(() => certificate?.Dispose(), report);

    /// <summary>Reports a failure in the journal; never throws, since its callers could not report that.</summary>
    private void Report(Exception exception) => Attempt.To(() => _record.Failed(null, ServerEventReason.Fault, exception.Message));

    private void RemoveSocketFile()
    {
        // The server stops even if its socket file can't be removed.
        if (_unixListener?.RemoveFile() is { } failure)
        {
            _record.Failed(null, ServerEventReason.Fault, failure.Message);
        }
    }

    /// <summary>Handles the failure of a listener, or with null of all; the server is faulted when none is left.</summary>
    private void Fault(Exception exception, Socket? listener)
    {
        var what = exception.Message;
        lock (_gate)
        {
            var isNoneLeft = _listening.Remove(listener, ref what);
            if (_state == ServerState.Listening && (listener is null || isNoneLeft))
            {
                _state = ServerState.Faulted;
                _faultedBy = what;
            }
        }

        Attempt.To(() => _record.Failed(null, ServerEventReason.Fault, what));
    }
}
