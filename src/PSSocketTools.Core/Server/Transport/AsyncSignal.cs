using System.Runtime.CompilerServices;

namespace PSSocketTools.Server.Transport;

/// <summary>
/// Wakes the one loop that awaits it; a signal set while nobody waits is kept. Awaiting it allocates nothing, which is
/// why it exists: a connection waits once a message.
/// </summary>
/// <remarks>A waiter may be woken for a reason that is already dealt with, so it looks at what it waits for again.</remarks>
internal sealed class AsyncSignal : ICriticalNotifyCompletion
{
    private static readonly Action Signalled = () => { };

    private Action? _continuation;

    public bool IsCompleted => ReferenceEquals(Volatile.Read(ref _continuation), Signalled);

    public AsyncSignal GetAwaiter() => this;

    /// <summary>Takes the signal back, for the next wait.</summary>
    /// <remarks>
    /// A full fence: what the waiter looks at next must not be read before the signal is taken back, or a signal set in
    /// between is wiped out and nobody knows of it.
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

    /// <summary>Wakes the waiter on a thread of the pool, for callers with something else to do.</summary>
    public void SetElsewhere() => ThreadPool.QueueUserWorkItem(static signal => ((AsyncSignal)signal!).Set(), this);

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        if (Interlocked.CompareExchange(ref _continuation, continuation, null) is not null)
        {
            // Set in between: go on at once, but not deeper on this stack.
            ThreadPool.QueueUserWorkItem(static next => ((Action)next!)(), continuation);
        }
    }
}
