using System.Diagnostics;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>
/// Runs one connection from .NET's callbacks, on the threads they come on: one callback at a time, and one that comes
/// meanwhile has the thread that is in run the connection once more. No lock is held and nothing is allocated a message.
/// </summary>
internal sealed class AsyncPump : IPump, IDisposable
{
    // Beside the signals of ConnectionSignal.
    private const int Running = 0x100;
    private const int Time = 0x200;
    private const int Turn = 0x400;

    // What has been signalled and not been dealt with, and whether a thread is at it.
    private int _signals;
    private Timer? _timer;

    /// <summary>What it runs; set before the first signal.</summary>
    public Connection Connection { get; set; } = null!;

    /// <inheritdoc/>
    public void Post(Connection connection, ConnectionSignal signal) => Queue((int)signal);

    /// <inheritdoc/>
    public void Wake(Connection connection) => Wake();

    /// <inheritdoc cref="IPump.Wake"/>
    public void Wake() => Signal((int)ConnectionSignal.Wake);

    /// <inheritdoc/>
    public void Yield(TimedSource source) => Queue(Turn);

    /// <inheritdoc/>
    /// <remarks>
    /// A deadline that moves away, as with every message of a connection with an idle limit, leaves the timer alone, and
    /// is looked at when it rings.
    /// </remarks>
    public void SetTimer(TimedSource source, int milliseconds)
    {
        source.Deadline = Stopwatch.GetTimestamp() + (milliseconds * Stopwatch.Frequency / 1000);
        if (source.Deadline < source.LookAt)
        {
            Ring(source, milliseconds);
        }
    }

    /// <summary>Ends the timer.</summary>
    public void Dispose() => _timer?.Dispose();

    private void Queue(int signal) => ThreadPool.QueueUserWorkItem(
        static state =>
        {
            var (pump, signal) = ((AsyncPump, int))state!;
            pump.Signal(signal);
        },
        (this, signal));

    private void Ring(TimedSource source, int milliseconds)
    {
        source.LookAt = source.Deadline;
        _timer ??= new Timer(static pump => ((AsyncPump)pump!).Signal(Time), this, Timeout.Infinite, Timeout.Infinite);
        _timer.Change(milliseconds, Timeout.Infinite);
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
                Tell(signals);
            }
#pragma warning disable CA1031 // What a connection throws ends that connection alone.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Attempt.To(() => Connection.Fail(exception));
            }

            if (Interlocked.CompareExchange(ref _signals, 0, Running) == Running)
            {
                return;
            }

            signals = Interlocked.Exchange(ref _signals, Running);
        }
    }

    private void Tell(int signals)
    {
        Connection.Do((ConnectionSignal)signals);
        if ((signals & (Turn | Time)) == 0)
        {
            return;
        }

        if ((signals & Turn) != 0)
        {
            Connection.OnTurn();
        }

        if ((signals & Time) != 0)
        {
            OnRing();
        }
    }

    private void OnRing()
    {
        var connection = Connection;
        connection.LookAt = TimedSource.Never;
        if (connection.Deadline == TimedSource.Never)
        {
            return;
        }

        var left = connection.Deadline - Stopwatch.GetTimestamp();
        if (left > 0)
        {
            Ring(connection, (int)(left * 1000 / Stopwatch.Frequency) + 1);
            return;
        }

        connection.Deadline = TimedSource.Never;
        connection.OnTime();
    }
}
