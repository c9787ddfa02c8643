using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server;
using PSSocketTools.Server.Journal;

namespace PSSocketTools;

// This part starts and stops a server, and handles its failure.
public sealed partial class EchoServer
{
    /// <summary>How long connections may take to send what is pending when a server stops, in seconds, where nothing else is said.</summary>
    public const double DefaultStopTimeoutSeconds = 5;

    private readonly object _gate = new();
    private ServerState _state = ServerState.Listening;
    // A waiter that disposes the server waits for the stop, so that it must not run inside it.
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gracePeriod = new();
    private Deadline _gracePeriodEnd = Deadline.Never;
    private Task? _stopped;
    private ServerEventReason _stopReason;
    private Timer? _stopTimer;
    private volatile string? _failure;

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

    /// <summary>Ends when the server has stopped.</summary>
    public Task WhenStopped() => _completion.Task;

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
            return StartCore(options, cancellationToken);
        }
        catch
        {
            DisposeOwnCertificate(options, null);
            throw;
        }
    }

    private static EchoServer StartCore(EchoServerOptions options, CancellationToken cancellationToken)
    {
        var plan = options.ToPlan();
        var transports = new TransportFactory(options);
        var log = options.LogPath is { } path ? JournalLog.Open(path) : null;
        List<Socket> sockets = [];
        UnixListener? unixListener = null;
        EchoServer? server = null;
        try
        {
            sockets = options.ActualProtocol switch
            {
                SocketProtocol.Unix => [(unixListener = UnixListener.Listen(options.SocketPath!, options.Backlog)).Socket],
                SocketProtocol.Udp => SocketOpener.BindDatagram(NameResolver.ToLocal(options.Address, options.Resolver, cancellationToken), options.Port),
                _ => SocketOpener.Listen(NameResolver.ToLocal(options.Address, options.Resolver, cancellationToken), options.Port, options.Backlog),
            };
            server = new EchoServer(options, transports, sockets, unixListener, plan, log);
            log?.Follow(server._record.Journal, server._identity, plan.Encoding);
            server._record.Journal.Append(ServerEventKind.Started, text: server.EndPoint);
            server._transport.Start();
            server.StartStopTimer(options.StopAfter);
            return server;
        }
        catch
        {
            // Clean up after a failed start, and report the original error even if the cleanup fails too.
            BestEffort.Run(() => _ = unixListener?.RemoveFile());
            sockets.ForEach(static socket => BestEffort.Run(socket.Dispose));
            if (server is null)
            {
                BestEffort.Run(() => log?.Dispose());
            }
            else
            {
                // The log's thread runs already; it closes the file after the last event.
                BestEffort.Run(() => _ = server._record.Journal.Backlog.Finish());
                BestEffort.Run(server._record.Journal.End);
                BestEffort.Run(server._transport.Dispose);
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
                _stopped = Task.Run(StopCoreAsync);
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

    /// <summary>Stops it without waiting for pending responses.</summary>
    public void Dispose() => StopAsync(TimeSpan.Zero).GetAwaiter().GetResult();

    /// <summary>Stops part by part; a part that fails is reported in the journal, and the others are stopped anyway.</summary>
    private async Task StopCoreAsync()
    {
        // Connections that are blocked by a stalled log could not be closed.
        using var limitLogStall = _gracePeriod.Token.Register(() => BestEffort.Run(() => _record.Journal.Backlog.LimitStall(JournalLog.GracePeriod)));
        BestEffort.Run(RemoveSocketFile, _record.TryReport);
        await BestEffort.RunAsync(() => _transport.StopAsync(_gracePeriod.Token), _record.TryReport).ConfigureAwait(false);
        BestEffort.Run(_transport.Dispose, _record.TryReport);
        BestEffort.Run(() => _options.Responder?.Dispose(), _record.TryReport);
        DisposeOwnCertificate(_options, _record.TryReport);

        lock (_gate)
        {
            _state = ServerState.Stopped;
            BestEffort.Run(() => StoppedAt = _record.Clock.Now.LocalDateTime, _record.TryReport);
        }

        BestEffort.Run(() => _record.Journal.Append(ServerEventKind.Stopped, reason: _stopReason, text: EndPoint, duration: _record.Clock.Since(_startedAt)), _record.TryReport);
        await BestEffort.RunAsync(() => _log?.FinishAsync(_gracePeriod.Token) ?? Task.CompletedTask, _record.TryReport).ConfigureAwait(false);
        BestEffort.Run(_record.Journal.End);
        lock (_gate)
        {
            // A deadline that has passed, so that no later stop shortens it.
            _gracePeriodEnd = Deadline.Passed;
            _gracePeriod.Dispose();
        }

        _completion.TrySetResult(true);
    }

    private static void DisposeOwnCertificate(EchoServerOptions options, Action<Exception>? report) =>
        BestEffort.Run(() => (options.OwnsCertificate ? options.Certificate : null)?.Dispose(), report);

    private void RemoveSocketFile()
    {
        // The server stops even if its socket file can't be removed.
        if (_unixListener?.RemoveFile() is { } failure)
        {
            _record.TryReport(failure);
        }
    }

    /// <summary>Handles the failure of a socket, or with null of all; the server is faulted when none is left.</summary>
    private void FailSocket(Exception exception, Socket? socket)
    {
        string what;
        lock (_gate)
        {
            what = _sockets.Remove(socket, exception.Message);
            if (_state == ServerState.Listening && (socket is null || _sockets.IsEmpty))
            {
                _state = ServerState.Faulted;
                _failure = what;
            }
        }

        BestEffort.Run(() => _record.Failed(null, ServerEventReason.Failure, what));
    }
}
