using PSSocketTools.Platform;
using PSSocketTools.Server.Transport;
using PSSocketTools.Server.Transport.Async;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

public sealed class AsyncPumpTests : IDisposable
{
    private readonly AsyncPump _pump = new();

    public void Dispose() => _pump.Dispose();

    [Fact]
    public void A_connection_is_woken_on_the_thread_that_wakes_it()
    {
        var thread = 0;
        Run(_ => thread = Environment.CurrentManagedThreadId);

        _pump.Wake();

        Assert.Equal(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public void Signals_during_a_run_cause_one_more_run_without_recursion()
    {
        var (runs, depth, deepest) = (0, 0, 0);
        Run(_ =>
        {
            deepest = Math.Max(deepest, ++depth);
            if (++runs == 1)
            {
                _pump.Wake();
                _pump.Wake();
            }

            depth--;
        });

        _pump.Wake();

        Assert.Equal((2, 1), (runs, deepest));
    }

    [Fact]
    public void An_exception_is_passed_to_the_connection_and_the_next_signal_is_handled()
    {
        var runs = 0;
        var connection = Run(_ =>
        {
            runs++;
            throw new InvalidOperationException("failed as asked");
        });

        _pump.Wake();
        _pump.Wake();

        Assert.Equal(2, runs);
        Assert.Equal("failed as asked failed as asked", string.Join(' ', connection.Failures));
    }

    [Fact]
    public async Task No_signal_is_lost_and_one_thread_runs_at_a_time_however_many_signal_at_once()
    {
        const int Rounds = 30_000;
        var (asked, answered, inside, most) = (0, 0, 0, 0);
        Run(_ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            Volatile.Write(ref answered, Volatile.Read(ref asked));
            Interlocked.Decrement(ref inside);
        });

        await Task.Run(() =>
        {
            for (var round = 1; round <= Rounds; round++)
            {
                Volatile.Write(ref asked, round);
                _pump.Post(_pump.Connection, ConnectionSignal.Wake);
                _pump.Wake();
                SpinWait.SpinUntil(() => Volatile.Read(ref answered) == round, Patience.Long);
                Assert.Equal(round, Volatile.Read(ref answered));
            }
        });

        Assert.Equal(1, most);
    }

    [Fact]
    public async Task An_extended_deadline_expires_at_its_new_time_and_a_cancelled_one_does_not()
    {
        var told = new TaskCompletionSource<Deadline>(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = false;
        var connection = Run(what =>
        {
            if (what == "time")
            {
                told.TrySetResult(_pump.Connection.Deadline);
            }
            else if (!begun)
            {
                begun = true;
                _pump.SetTimer(_pump.Connection, Deadline.AfterMilliseconds(1));
                _pump.Connection.Deadline = Deadline.Never;
                _pump.SetTimer(_pump.Connection, Deadline.AfterMilliseconds(100));
            }
        });
        _pump.Wake();
        var deadline = connection.Deadline;

        // When OnTime is called, there is no deadline any more.
        Assert.True((await told.Task.WaitAsync(Patience.Long)).IsNever);
        Assert.True(deadline.HasPassed);
    }

    private Scripted Run(Action<string> action)
    {
        var connection = new Scripted(_pump, action);
        _pump.Connection = connection;
        return connection;
    }

    private sealed class Scripted(IPump pump, Action<string> action) : Connection(pump)
    {
        public List<string> Failures { get; } = [];

        public override void Begin() => action("begin");

        public override void Drain() => action("drain");

        public override void EndOnRequest(bool reset)
        {
        }

        public override void Abort() => action("abort");

        public override void OnReady(int events) => action("ready");

        public override void OnTime() => action("time");

        public override void OnResume() => action("turn");

        public override void Fail(Exception exception) => Failures.Add(exception.Message);
    }
}
