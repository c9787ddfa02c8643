using PSSocketTools.Load;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>
/// Runs a load against a server and measures it, one thread for each connection: in a closed loop, where each connection sends when a
/// response has arrived, or with a rate in an open one, where each message is due at a certain time.
/// </summary>
public sealed class EchoLoad : IDisposable
{
    private readonly EchoLoadOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly CountdownEvent _connecting;
    private readonly ManualResetEventSlim _go = new();
    private readonly LoadSchedule _schedule;
    private readonly LoadWorker[] _workers;
    private readonly Task _done;
    private LoadFigures _reported = new();
    private long _reportedAt;
    private int _intervals;
    private DateTime _startTime;

    private EchoLoad(EchoLoadOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        _cancellationToken = cancellationToken;
        _schedule = new LoadSchedule(options, cancellationToken);
        _connecting = new CountdownEvent(options.Connections);
        _workers =
        [
            .. Enumerable.Range(0, options.Connections)
                .Select(number => new LoadWorker(options, _schedule, number, _connecting, _go, cancellationToken)),
        ];
        _done = Task.WhenAll(_workers.Select(worker => worker.Start()).ToArray());
    }

    /// <summary>Messages with a response so far, those of the warm-up not counted.</summary>
    public long Messages => _workers.Sum(worker => worker.Figures.Latencies.Count);

    /// <summary>Errors so far.</summary>
    public long Errors => _workers.Sum(worker => worker.Figures.Errors);

    /// <summary>The time since the first message that counts; zero during the warm-up.</summary>
    public TimeSpan Elapsed => Started && Clock.System.Timestamp is var now && now > _schedule.CountsFrom ? Clock.Between(_schedule.CountsFrom, now) : TimeSpan.Zero;

    /// <summary>The share of the load that is done, 0 to 1.</summary>
    public double Progress => !Started ? 0 : Math.Min(1, _options.Count is { } count
        ? (double)Messages / count
        : Clock.System.Since(_schedule.StartsAt).TotalSeconds / (_options.Warmup + _options.Duration).TotalSeconds);

    private bool Started => _go.IsSet;

    /// <summary>Connects, and starts the load when every connection is established.</summary>
    /// <param name="options">The load.</param>
    /// <param name="cancellationToken">Ends the load at once; the measurements so far are kept.</param>
    /// <exception cref="SocketToolsException">InvalidOption; SessionClosed, SessionFaulted or SessionHalfClosed for a session that sends no more.</exception>
    public static EchoLoad Start(EchoLoadOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        options.Session?.RequireOpen();
        var most = options.Target.Protocol == SocketProtocol.Udp
            ? Math.Min(options.Target.MaxMessageBytes, SessionOptions.MaxDatagramBytes)
            : options.Target.MaxMessageBytes;
        if (options.MessageSize > most)
        {
            throw new SocketToolsException(
                SocketToolsError.InvalidOption, Sentence("MessageTooLargeToSend", options.MessageSize, most), options.Target.EndPointName);
        }

        if (options.Window > 1 && !EchoLoadOptions.TakesWindow(options.Target))
        {
            throw new SocketToolsException(
                SocketToolsError.InvalidOption, Sentence("WindowNeedsFraming", options.Target.Framing), options.Target.EndPointName);
        }

        var load = new EchoLoad(options, cancellationToken);
        load.Begin();
        return load;
    }

    /// <summary>Waits for the end; false when the time passed first.</summary>
    /// <param name="time">How long.</param>
    public bool Wait(TimeSpan time) => _done.Ends(Deadline.AfterMilliseconds((int)time.TotalMilliseconds));

    /// <summary>The measurement; call this after the load has ended.</summary>
    public EchoMeasurement ToMeasurement()
    {
        var end = Math.Max(_schedule.CountsFrom, _workers.Max(worker => worker.EndedAt));
        var duration = Clock.Between(_schedule.CountsFrom, end);

        // A load that lost its connections ends early, and what was due after that was not sent; nothing was due after a cancellation.
        var isCut = _schedule.IsCancelled && end < _schedule.EndsAt;
        return new EchoMeasurement(
            new LoadRun(_options, _startTime, duration)
            {
                Due = _schedule.HasRate ? _schedule.DueBy(isCut ? end : _schedule.EndsAt) : null,
                ScheduledTime = isCut ? duration : _schedule.Time,
            },
            Sum());
    }

    /// <summary>The measurement of the interval that has ended, if one has since the last call; the last one of a load may be short, and is part of the whole alone.</summary>
    /// <returns>Null before the end of an interval, and without intervals.</returns>
    public EchoMeasurement? TryInterval()
    {
        if (_options.Interval is not { } interval || !Started)
        {
            return null;
        }

        var now = Clock.System.Timestamp;
        var end = Clock.After(_schedule.CountsFrom, TimeSpan.FromTicks(interval.Ticks * (_intervals + 1)));
        if (now < end)
        {
            return null;
        }

        // A call that is late has measured longer, and says so.
        var sum = Sum();
        var from = _intervals == 0 ? _schedule.CountsFrom : _reportedAt;
        var measurement = new EchoMeasurement(
            new LoadRun(_options, _startTime + Clock.Between(_schedule.CountsFrom, from), Clock.Between(from, now))
            {
                Interval = ++_intervals,
                Due = _schedule.HasRate ? _schedule.DueBy(now) - _schedule.DueBy(from) : null,
            },
            sum.Since(_reported));
        (_reported, _reportedAt) = (sum, now);
        return measurement;
    }

    /// <summary>Releases resources; call this after the load has ended.</summary>
    public void Dispose()
    {
        _connecting.Dispose();
        _go.Dispose();
    }

    private LoadFigures Sum()
    {
        var sum = new LoadFigures();
        foreach (var worker in _workers)
        {
            sum.Add(worker.Figures);
        }

        return sum;
    }

    private void Begin()
    {
        try
        {
            _connecting.Wait(_cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The workers see the same token, and end.
        }

        _startTime = DateTime.Now + _options.Warmup;
        _schedule.Begin(Clock.System.Timestamp);
        _go.Set();
    }

    private static string Sentence(string name, params object?[] values) => Net.Messages.Get(name, values);
}
