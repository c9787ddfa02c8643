using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// Connects to the first of several addresses that answers: attempts start in short intervals and run in parallel (RFC 8305, "Happy
/// Eyeballs"). A race that waits for a server retries each address with the back-off of <see cref="ConnectPace"/>, and resolves the
/// name again in between. For one thread.
/// </summary>
internal sealed class ConnectRace : IDisposable
{
    // The longest interval between two reports to the caller.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    private readonly SessionOptions _options;
    private readonly SourceBinding _source;
    private readonly Deadline _deadline;
    private readonly ConnectTrace? _trace;
    private readonly List<Candidate> _candidates = [];
    private Deadline _nextStartsAt;

    // When the first attempt started: a timestamp of the clock.
    private long _startedAt;

    // Only a race that waits for a server has these.
    private readonly ResolvableName? _host;
    private readonly Action<SocketToolsException?>? _report;
    private Deadline _resolvesAt = Deadline.Never;
    private SocketToolsException? _resolveError;

    private ConnectRace(SessionOptions options, Deadline deadline, ConnectTrace? trace) =>
        (_options, _source, _deadline, _trace) = (options, new SourceBinding(options), deadline, trace);

    /// <summary>Makes a race that tries each address once.</summary>
    public ConnectRace(SessionOptions options, IEnumerable<EndPoint> endPoints, Deadline deadline, ConnectTrace? trace)
        : this(options, deadline, trace) => _candidates.AddRange(endPoints.Select(static endPoint => new Candidate(endPoint)));

    /// <summary>Makes a race that retries until the deadline, for options that wait.</summary>
    /// <param name="options">The target.</param>
    /// <param name="host">The name and its addresses; null where the options have a path.</param>
    /// <param name="deadline">When the race times out.</param>
    /// <param name="report">Called from time to time with why there is no connection yet; null when nothing has answered so far.</param>
    /// <param name="trace">Reports each step; null for none.</param>
    public ConnectRace(SessionOptions options, ResolvableName? host, Deadline deadline, Action<SocketToolsException?>? report, ConnectTrace? trace)
        : this(options, deadline, trace)
    {
        _host = host;
        _report = report;
        if (host is null)
        {
            _candidates.Add(new Candidate(UnixEndPoint.Parse(options.SocketPath!)));
        }
        else
        {
            _resolvesAt = Deadline.Passed;
        }
    }

    /// <summary>Connects.</summary>
    /// <exception cref="SocketToolsException">Why there is no connection.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Winner Run(CancellationToken cancellationToken)
    {
        while (true)
        {
            ResolveAgain();
            StartDue();
            if (_deadline.HasPassed || (!Waits && _candidates.TrueForAll(static one => one.Pending is null && one.Error is not null)))
            {
                ReportPending();
                throw FinalError();
            }

            Wait(cancellationToken);
            if (FindConnected() is { } winner)
            {
                var attempt = winner.Pending!;
                _trace?.Connected(attempt.Socket!.LocalEndPoint, winner.EndPoint, attempt.Latency);
                ReportPending(winner);
                winner.Pending = null;
                return new Winner(attempt.Socket!, winner.EndPoint, Clock.Between(_startedAt, attempt.StartedAt), attempt.Latency, winner.TimesOutAt);
            }

            _report?.Invoke(LastError());
        }
    }

    /// <summary>Cancels the pending attempts.</summary>
    public void Dispose() => _candidates.ForEach(static one => one.Pending?.Abandon());

    private bool Waits => _options.Waits;

    private void ResolveAgain()
    {
        if (!_resolvesAt.HasPassed)
        {
            return;
        }

        var resolution = _host!.Resolve(ConnectPace.NameAge);
        if (!resolution.IsCompleted)
        {
            return;
        }

        _resolvesAt = Deadline.AfterLimit(ConnectPace.NameAge);
        try
        {
            var addresses = resolution.GetAwaiter().GetResult();
            var chosen = _source.Reachable(addresses);
            _trace?.Resolved(addresses, chosen, null);
            SetAddresses(chosen);
            _resolveError = null;
        }
        catch (SocketToolsException exception) when (exception.MayPass)
        {
            // The addresses resolved before may still be valid.
            _resolveError = exception;
            _trace?.Waiting(exception);
        }
    }

    private void SetAddresses(IPAddress[] addresses)
    {
        var endPoints = Connector.Interleave(Array.ConvertAll(addresses, address => new IPEndPoint(address, _options.Port)));
        foreach (var gone in _candidates.FindAll(one => Array.IndexOf(endPoints, one.EndPoint) < 0))
        {
            gone.Pending?.Abandon();
            _candidates.Remove(gone);
        }

        _candidates.AddRange(endPoints.Where(endPoint => !_candidates.Exists(one => one.EndPoint.Equals(endPoint))).Select(static endPoint => new Candidate(endPoint)));
    }

    private void StartDue()
    {
        foreach (var candidate in _candidates)
        {
            if (candidate.Pending is not null || !StartsAt(candidate).HasPassed)
            {
                continue;
            }

            if (!candidate.IsTried)
            {
                _nextStartsAt = Deadline.AfterLimit(ConnectPace.AttemptDelay);
            }

            candidate.TimesOutAt = Waits ? Deadline.Earlier(_deadline, Deadline.AfterLimit(_options.ConnectTimeout)) : _deadline;
            Start(candidate);
        }
    }

    private Deadline StartsAt(Candidate candidate) => candidate.IsTried ? candidate.RetriesAt : _nextStartsAt;

    private void Start(Candidate candidate)
    {
        try
        {
            candidate.IsTried = true;
            _trace?.Trying(candidate.EndPoint);
            candidate.Pending = new ConnectAttempt(candidate.EndPoint, _source);
            _startedAt = _startedAt == 0 ? candidate.Pending.StartedAt : _startedAt;
        }
        catch (TaskSchedulerException exception) when (DescriptorLimit.IsReached())
        {
            // .NET can't start a thread without a free descriptor.
            throw SocketErrors.ToExhaustedError(_options.EndPointName, exception);
        }
    }

    private void Wait(CancellationToken cancellationToken)
    {
        var until = Deadline.Earlier(_deadline, Waits ? Deadline.AfterLimit(ReportInterval) : Deadline.Never);
        var tasks = new List<Task>(_candidates.Count + 1);
        foreach (var candidate in _candidates)
        {
            until = Deadline.Earlier(until, candidate.Pending is null ? StartsAt(candidate) : candidate.TimesOutAt);
            if (candidate.Pending is { } pending)
            {
                tasks.Add(pending.Outcome);
            }
        }

        if (Waits && _host is not null)
        {
            if (_host.Resolve() is { IsCompleted: false } resolution)
            {
                tasks.Add(resolution);
            }
            else
            {
                until = Deadline.Earlier(until, _resolvesAt);
            }
        }

        if (tasks.Count > 0)
        {
            Task.WaitAny([.. tasks], until.Milliseconds, cancellationToken);
        }
        else
        {
            until.Wait(cancellationToken);
        }
    }

    /// <summary>Evaluates the attempts that have ended, and retries or fails their candidates; returns the one that is connected, or null.</summary>
    private Candidate? FindConnected()
    {
        foreach (var candidate in _candidates)
        {
            if (candidate.Pending is not { } attempt)
            {
                continue;
            }

            if (!attempt.Outcome.IsCompleted)
            {
                if (Waits && candidate.TimesOutAt.HasPassed)
                {
                    attempt.Abandon();
                    Fail(candidate, new SocketException((int)SocketError.TimedOut));
                }
            }
            else if (attempt.Outcome.GetAwaiter().GetResult() is not { } error)
            {
                return candidate;
            }
            else if (SynRetransmission.ShouldRetry(error.SocketErrorCode, attempt.Duration) && !candidate.TimesOutAt.HasPassed)
            {
                Start(candidate);
            }
            else
            {
                Fail(candidate, error);
            }
        }

        return null;
    }

    private void Fail(Candidate candidate, SocketException error)
    {
        var startedAt = candidate.Pending!.StartedAt;
        _trace?.Failed(candidate.EndPoint, error, _source, candidate.Pending.Duration);
        candidate.Pending = null;
        candidate.Error = error;
        candidate.RetriesAt = Deadline.Never;
        _nextStartsAt = Deadline.Passed;
        if (!Waits)
        {
            return;
        }

        if (_source.ToError(error, candidate.EndPoint) is { MayPass: false } final)
        {
            throw final;
        }

        candidate.RetriesAt = Deadline.AfterLimit(startedAt, candidate.RetryDelay);
        candidate.RetryDelay = ConnectPace.NextRetryDelay(
            candidate.RetryDelay, candidate.EndPoint is not IPEndPoint endPoint || IPAddress.IsLoopback(endPoint.Address));
    }

    /// <summary>Reports which attempts are abandoned, since another one won or the time is over.</summary>
    private void ReportPending(Candidate? winner = null)
    {
        foreach (var candidate in _candidates.Where(one => _trace is not null && one != winner && one.Pending is not null))
        {
            _trace!.Abandoned(candidate.EndPoint, candidate.Pending!.Duration, winner is null);
        }
    }

    private SocketToolsException FinalError()
    {
        if (MostInformative() is null && _candidates.Exists(one => one.Pending is not null || (Waits && one.Error?.SocketErrorCode == SocketError.TimedOut)))
        {
            return Waits ? Connector.WaitedFor(_options) : Connector.TimedOut(_options);
        }

        return LastError() ?? (_host is null ? Connector.TimedOut(_options) : NameResolver.NotResolvedYet(_options.ComputerName));
    }

    /// <summary>Why there is no connection yet.</summary>
    private SocketToolsException? LastError()
    {
        var failed = MostInformative() ?? _candidates.Find(static one => one.Error is not null);
        return failed is null ? _resolveError : _source.ToError(failed.Error!, failed.EndPoint);
    }

    /// <summary>
    /// The candidate whose error is more informative than silence, which is more than an address without a route: one that was not
    /// tried, because the source address or port is not available, else one that refused.
    /// </summary>
    private Candidate? MostInformative() => _candidates.Find(one => one.Error is { } error && _source.IsSourceError(error))
        ?? _candidates.Find(static one => one.Error?.SocketErrorCode == SocketError.ConnectionRefused);

    /// <summary>The connection that a race has made.</summary>
    /// <param name="Socket">Its socket, which belongs to whoever ran the race.</param>
    /// <param name="Remote">The address that it is connected to.</param>
    /// <param name="Delay">How long other addresses were tried before this one was.</param>
    /// <param name="Latency">How long this one's connect took.</param>
    /// <param name="Deadline">When the TLS handshake times out.</param>
    internal sealed record Winner(Socket Socket, EndPoint Remote, TimeSpan Delay, TimeSpan Latency, Deadline Deadline);

    /// <summary>An address of the race.</summary>
    private sealed class Candidate(EndPoint endPoint)
    {
        public EndPoint EndPoint { get; } = endPoint;

        public bool IsTried { get; set; }

        public ConnectAttempt? Pending { get; set; }

        /// <summary>When the pending attempt times out.</summary>
        public Deadline TimesOutAt { get; set; }

        /// <summary>Why the last attempt failed; null while none has.</summary>
        public SocketException? Error { get; set; }

        /// <summary>When the address is retried.</summary>
        public Deadline RetriesAt { get; set; }

        public TimeSpan RetryDelay { get; set; } = ConnectPace.RetryDelay;
    }
}
