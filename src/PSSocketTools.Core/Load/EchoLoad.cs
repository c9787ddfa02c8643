using PSSocketTools.Load;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>Runs a load against a server and measures it: one thread for each connection, each in a closed loop.</summary>
public sealed class EchoLoad : IDisposable
{
    private readonly EchoLoadOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly CountdownEvent _connecting;
    private readonly ManualResetEventSlim _go = new();
    private readonly Worker[] _workers;
    private readonly Task _done;
    private long _remaining;
    private long _startedAt;
    private DateTime _startTime;

    private EchoLoad(EchoLoadOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        _cancellationToken = cancellationToken;
        _remaining = options.Count ?? long.MaxValue;
        _connecting = new CountdownEvent(options.Connections);
        _workers = [.. Enumerable.Range(0, options.Connections).Select(number => new Worker(this, number))];
        _done = Task.WhenAll(_workers.Select(worker => worker.Start()).ToArray());
    }

    /// <summary>Messages with a response so far.</summary>
    public long Messages => _workers.Sum(worker => worker.Latencies.Count);

    /// <summary>Errors so far.</summary>
    public long Errors => _workers.Sum(worker => worker.Errors);

    /// <summary>The time since the first message.</summary>
    public TimeSpan Elapsed => Started ? Clock.System.Since(_startedAt) : TimeSpan.Zero;

    /// <summary>The share of the load that is done, 0 to 1.</summary>
    public double Progress => !Started ? 0 : Math.Min(1, _options.Count is { } count
        ? (double)Messages / count
        : Elapsed.TotalSeconds / _options.Duration.TotalSeconds);

    private bool Started => _go.IsSet;

    /// <summary>Connects, and starts the load when every connection is established.</summary>
    /// <param name="options">The load.</param>
    /// <param name="cancellationToken">Ends the load at once; the measurements so far are kept.</param>
    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    public static EchoLoad Start(EchoLoadOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        var most = options.Target.Protocol == SocketProtocol.Udp
            ? Math.Min(options.Target.MaxMessageBytes, SessionOptions.MaxDatagramBytes)
            : options.Target.MaxMessageBytes;
        if (options.MessageSize > most)
        {
            throw new SocketToolsException(
                SocketToolsError.InvalidOption, Sentence("MessageTooLargeToSend", options.MessageSize, most), options.Target.EndPointName);
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
        var latencies = new LatencyHistogram();
        foreach (var worker in _workers)
        {
            latencies.Add(worker.Latencies);
        }

        var end = _workers.Max(worker => worker.EndedAt);
        var duration = end > _startedAt ? Clock.Between(_startedAt, end) : TimeSpan.Zero;
        return new EchoMeasurement(_options, _startTime, duration, latencies, Errors, _workers.Select(worker => worker.Error).FirstOrDefault(error => error is not null));
    }

    /// <summary>Releases resources; call this after the load has ended.</summary>
    public void Dispose()
    {
        _connecting.Dispose();
        _go.Dispose();
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

        _startTime = DateTime.Now;
        _startedAt = Clock.System.Timestamp;
        _go.Set();
    }

    private bool TryClaimMessage() => !_cancellationToken.IsCancellationRequested
        && (_options.Count is null ? Elapsed < _options.Duration : Interlocked.Decrement(ref _remaining) >= 0);

    /// <summary>One connection.</summary>
    private sealed class Worker(EchoLoad load, int number)
    {
        private readonly byte[][] _messages = [.. Enumerable.Range(0, load._options.Window).Select(_ => Pattern(load._options.MessageSize))];
        private long _sent;

        public LatencyHistogram Latencies { get; } = new();

        public long Errors { get; private set; }

        public string? Error { get; private set; }

        public long EndedAt { get; private set; }

        /// <summary>Starts the worker's thread. A thread that can't be created is this worker's error, and the others continue.</summary>
        public Task Start()
        {
            try
            {
                return Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            catch (TaskSchedulerException exception)
            {
                Fail(SocketErrors.Exhausted(load._options.Target.EndPointName, exception));
                load._connecting.Signal();
                return Task.CompletedTask;
            }
        }

        private void Run()
        {
            EchoSession? session = null;
            try
            {
                session = number == 0 && load._options.FirstSession is { } first ? first : Connect();
            }
            finally
            {
                // The other workers wait for this signal, even if connecting failed.
                load._connecting.Signal();
            }

            load._go.Wait();
            while (session is not null)
            {
                var before = Latencies.Count;
                bool lost;
                try
                {
                    SendAndReceive(session);
                    session.Refresh();
                    lost = !session.IsOpen;
                }
                finally
                {
                    if (session != load._options.Session)
                    {
                        session.Dispose();
                    }
                }

                // Reconnect only if the lost connection had completed a message.
                session = lost && load._options.Session is null && Latencies.Count > before && load.TryClaimMessage() ? Connect() : null;
            }

            EndedAt = Clock.System.Timestamp;
        }

        private EchoSession? Connect()
        {
            try
            {
                return load._options.Session ?? EchoSession.Connect(
                    load._options.Target with { Id = number + 1 }, null, number == 0 ? load._options.Step : null, load._cancellationToken);
            }
            catch (SocketToolsException exception)
            {
                Fail(exception);
            }
            catch (OperationCanceledException)
            {
                // Cancelled before the start: there is nothing to measure.
            }

            return null;
        }

        private void SendAndReceive(EchoSession session)
        {
            try
            {
                using var window = new SendWindow(session, load._options.Window, load._options.Target.ResponseTimeout, load._cancellationToken);
                while (session.IsOpen && load.TryClaimMessage())
                {
                    window.Add(Next(), asBytes: true);
                    if (window.IsFull && window.Take(out var oldest))
                    {
                        Check(oldest);
                    }

                    while (window.TryTake(out var done))
                    {
                        Check(done);
                    }
                }

                while (window.Take(out var last))
                {
                    Check(last);
                }
            }
            catch (SocketToolsException exception)
            {
                Fail(exception);
            }
            catch (OperationCanceledException)
            {
                // Messages in flight are not counted.
            }
        }

        private void Check(Exchange exchange)
        {
            if (exchange.Error is { } error)
            {
                Fail(error);
            }
            else if (((byte[])exchange.Result!.Message!).SequenceEqual((byte[])exchange.Result.Response!))
            {
                Latencies.Add(exchange.Result.RoundTrip!.Value);
            }
            else
            {
                Errors++;
                Error ??= Sentence("AnswerDiffers", exchange.Result.BytesReceived);
            }
        }

        private void Fail(SocketToolsException exception)
        {
            Errors++;
            Error ??= exception.Message;
        }

        /// <summary>The next message, which has a number of its own; its buffer is free, since there are as many buffers as the window has messages.</summary>
        private byte[] Next()
        {
            var message = _messages[_sent % _messages.Length];
            var rest = ++_sent;
            for (var at = 0; at < message.Length && rest > 0; at++, rest /= 10)
            {
                message[at] = (byte)('0' + (rest % 10));
            }

            return message;
        }

        private static byte[] Pattern(int size)
        {
            var pattern = new byte[size];
            for (var at = 0; at < size; at++)
            {
                pattern[at] = (byte)('a' + (at % 26));
            }

            return pattern;
        }
    }

    private static string Sentence(string name, params object?[] values) => Net.Messages.Get(name, values);
}
