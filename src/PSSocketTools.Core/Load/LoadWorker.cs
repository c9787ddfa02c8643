using PSSocketTools.Client;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Load;

/// <summary>One connection of a load, on a thread of its own.</summary>
internal sealed class LoadWorker(EchoLoadOptions options, LoadSchedule schedule, int number, CountdownEvent connecting, ManualResetEventSlim go, CancellationToken cancellationToken)
{
    private readonly LoadMessages _messages = new(options.MessageSize, options.Window);
    private readonly bool _isUdp = options.Target.Protocol == SocketProtocol.Udp;
    private readonly MessageNumbers _numbers = new(schedule, number, options.Connections);

    public LoadFigures Figures { get; } = new();

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
            Figures.Fail(SocketErrors.ToExhaustedError(options.Target.EndPointName, exception).Message);
            connecting.Signal();
            return Task.CompletedTask;
        }
    }

    private void Run()
    {
        EchoSession? session = null;
        try
        {
            session = Connect(number == 0 ? options.FirstSession : null);
        }
        finally
        {
            // The other workers wait for this signal, even if connecting failed.
            connecting.Signal();
        }

        go.Wait();
        using var waker = new Waker();
        using var registration = cancellationToken.Register(waker.Wake);
        while (session is not null)
        {
            var before = Figures.Latencies.Count;
            bool lost;
            try
            {
                SendAndReceive(session, waker);
                session.Refresh();
                lost = !session.IsOpen;
            }
            finally
            {
                if (session != options.Session)
                {
                    session.Dispose();
                }
            }

            // Reconnect only if the lost connection had completed a message.
            session = lost && options.Session is null && Figures.Latencies.Count > before && _numbers.HasMore ? Connect(null) : null;
        }

        EndedAt = Clock.System.Timestamp;
    }

    private EchoSession? Connect(EchoSession? open)
    {
        try
        {
            var session = open ?? options.Session ?? EchoSession.Connect(
                options.Target with { Id = number + 1 }, null, number == 0 ? options.Step : null, cancellationToken);
            Figures.ConnectTimes.Add(TimeSpan.FromMilliseconds(session.ConnectMilliseconds));
            return session;
        }
        catch (SocketToolsException exception)
        {
            Figures.Fail(exception.Message);
        }
        catch (OperationCanceledException)
        {
            // Cancelled before the start: there is nothing to measure.
        }

        return null;
    }

    private void SendAndReceive(EchoSession session, Waker waker)
    {
        var response = _isUdp ? ResponseHandling.None : ResponseHandling.Awaited;
        try
        {
            using var window = new SendWindow(session, options.Window, options.Target.ResponseTimeout, cancellationToken) { Response = response };
            if (_isUdp)
            {
                new DatagramLoop(session, window, options, schedule, _numbers, _messages, Figures, waker).Run();
            }
            else if (schedule.HasRate)
            {
                new OpenLoop(session, window, options, schedule, _numbers, _messages, Figures, waker).Run();
            }
            else
            {
                new ClosedLoop(session, window, schedule, _numbers, _messages, Figures).Run();
            }
        }
        catch (SocketToolsException exception)
        {
            // A later call says that the session is faulted, and has what ended it within.
            Figures.Fail((exception.InnerException as SocketToolsException ?? exception).Message);
        }
        catch (OperationCanceledException)
        {
            // Messages in flight are not counted.
        }
    }
}
