using PSSocketTools.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

public sealed class AsyncSignalTests
{
    [Fact]
    public async Task Signals_set_while_nobody_waits_end_one_wait()
    {
        var signal = new AsyncSignal();
        signal.Set();
        signal.Set();
        await WaitOnce(signal).WaitAsync(Patience.Long);
        var waiting = WaitOnce(signal);
        Assert.False(waiting.IsCompleted);
        _ = Task.Run(signal.Set);
        await waiting.WaitAsync(Patience.Long);
    }

    [Fact]
    public void The_waiter_continues_on_the_thread_that_signals()
    {
        var signal = new AsyncSignal();
        var thread = 0;
        var waiting = Wait();
        signal.Set();
        Assert.True(waiting.IsCompleted);
        Assert.Equal(Environment.CurrentManagedThreadId, thread);

        async Task Wait()
        {
            await signal;
            thread = Environment.CurrentManagedThreadId;
        }
    }

    [Fact]
    public async Task No_signal_is_lost_under_concurrent_signals()
    {
        const int Rounds = 30_000;
        var signal = new AsyncSignal();
        var asked = 0;
        var answered = 0;
        var waiting = Task.Run(async () =>
        {
            for (var round = 1; round <= Rounds; round++)
            {
                while (Volatile.Read(ref asked) < round)
                {
                    await signal;
                }

                Volatile.Write(ref answered, round);
            }
        });
        var asking = Task.Run(() =>
        {
            for (var round = 1; round <= Rounds && !waiting.IsFaulted; round++)
            {
                Volatile.Write(ref asked, round);
                _ = Task.Run(signal.Set);
                signal.Set();
                SpinWait.SpinUntil(() => Volatile.Read(ref answered) == round, Patience.Long);
                Assert.Equal(round, Volatile.Read(ref answered));
            }
        });

        await asking;
        await waiting.WaitAsync(Patience.Long);
    }

    private static async Task WaitOnce(AsyncSignal signal) => await signal;
}
