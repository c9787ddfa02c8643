using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Async;

/// <summary>
/// Runs one connection on the threads of .NET's callbacks, one at a time: a callback that arrives meanwhile makes the running thread
/// run the connection once more. No lock is held, and nothing is allocated for a message.
/// </summary>
/// <param name="loop">What the connection waits in while it is busy; null for none.</param>
internal sealed class AsyncPump(SelectLoop? loop = null) : IPump, IDisposable
{
    // In addition to the flags of ConnectionSignal.
    private const int Running = 0x100;
    private const int TimerExpired = 0x200;
    private const int Resume = 0x400;

    // The signals that are not handled yet, and whether a thread is running the connection.
    private int _signals;
    private Timer? _timer;

    /// <summary>What the connection waits in while it is busy; null for none.</summary>
    public SelectLoop? Loop => loop;

    /// <summary>The connection; set before the first signal.</summary>
    public Connection Connection { get; set; } = null!;

    /// <inheritdoc/>
    public void Post(Connection connection, ConnectionSignal signal) => Queue((int)signal);

    /// <summary>Runs the connection again, on the calling thread. From any thread.</summary>
    public void Wake() => Signal((int)ConnectionSignal.Wake);

    /// <inheritdoc/>
    public void Yield(PumpHandler handler)
    {
        if (loop is not { IsCurrent: true } || !loop.TryPost(() => Signal(Resume)))
        {
            Queue(Resume);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Extending a deadline, which every message of a connection with an idle timeout does, does not change the timer: the deadline
    /// is checked when it expires.
    /// </remarks>
    public void SetTimer(PumpHandler handler, Deadline deadline)
    {
        handler.Deadline = deadline;
        if (deadline.IsBefore(handler.CheckAt))
        {
            StartTimer(handler);
        }
    }

    /// <summary>Disposes of the timer.</summary>
    public void Dispose() => _timer?.Dispose();

    private void Queue(int signal) => ThreadPool.QueueUserWorkItem(
        static state =>
        {
            var (pump, signal) = ((AsyncPump, int))state!;
            pump.Signal(signal);
        },
        (this, signal));

    private void StartTimer(PumpHandler handler)
    {
        handler.CheckAt = handler.Deadline;
        _timer ??= new Timer(static pump => ((AsyncPump)pump!).Signal(TimerExpired), this, Timeout.Infinite, Timeout.Infinite);
        _timer.Change(handler.Deadline.Milliseconds, Timeout.Infinite);
    }

    private void Signal(int signal)
    {
        while (true)
        {
            var before = Volatile.Read(ref _signals);
            if (Interlocked.CompareExchange(ref _signals, before == 0 ? Running : before | signal, before) != before)
            {
                continue;
            }

            if (before == 0)
            {
                Run(signal);
            }

            return;
        }
    }

    private void Run(int signals)
    {
        while (true)
        {
            try
            {
                Dispatch(signals);
            }
#pragma warning disable CA1031 // An exception of a connection ends that connection alone.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                BestEffort.Run(() => Connection.Fail(exception));
            }

            if (Interlocked.CompareExchange(ref _signals, 0, Running) == Running)
            {
                return;
            }

            signals = Interlocked.Exchange(ref _signals, Running);
        }
    }

    private void Dispatch(int signals)
    {
        Connection.Handle((ConnectionSignal)signals);
        if ((signals & (Resume | TimerExpired)) == 0)
        {
            return;
        }

        if ((signals & Resume) != 0)
        {
            Connection.OnResume();
        }

        if ((signals & TimerExpired) != 0)
        {
            OnTimer();
        }
    }

    private void OnTimer()
    {
        var connection = Connection;
        connection.CheckAt = Deadline.Never;
        if (connection.Deadline.HasPassed)
        {
            connection.Deadline = Deadline.Never;
            connection.OnTime();
        }
        else if (!connection.Deadline.IsNever)
        {
            StartTimer(connection);
        }
    }
}
