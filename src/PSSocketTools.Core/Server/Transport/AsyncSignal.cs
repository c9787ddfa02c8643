using System.Runtime.CompilerServices;

namespace PSSocketTools.Server.Transport;

/// <summary>
/// An auto-reset event for one awaiter; a signal set while nobody waits is kept. Awaiting it allocates nothing, which is why it
/// exists: there is a wait for every message.
/// </summary>
/// <remarks>Wakes may be spurious, so that the waiter checks its condition again.</remarks>
internal sealed class AsyncSignal : ICriticalNotifyCompletion
{
    private static readonly Action Signalled = () => { };

    private Action? _continuation;

    public bool IsCompleted => ReferenceEquals(Volatile.Read(ref _continuation), Signalled);

    public AsyncSignal GetAwaiter() => this;

    /// <summary>Resets the signal, for the next wait.</summary>
    /// <remarks>
    /// A full fence: the waiter must not read its condition before the signal is reset, or a signal set in between would be lost.
    /// </remarks>
    public void GetResult() => Interlocked.Exchange(ref _continuation, null);

    /// <summary>Wakes the waiter on this thread.</summary>
    public void Set()
    {
        var waiting = Interlocked.Exchange(ref _continuation, Signalled);
        if (waiting is not null && !ReferenceEquals(waiting, Signalled))
        {
            waiting();
        }
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        if (Interlocked.CompareExchange(ref _continuation, continuation, null) is not null)
        {
            // The signal was set in between: the waiter continues at once, but on another stack, since this one could overflow.
            ThreadPool.QueueUserWorkItem(static next => ((Action)next!)(), continuation);
        }
    }
}
