using System.Collections.Concurrent;
using PSSocketTools.Resources;

namespace PSSocketTools.Responders;

/// <summary>The workers of one script: as many as may run at once, each made when there is work for it.</summary>
internal sealed class ScriptWorkers(ResponderScript script) : IDisposable
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(1);

    // How many script blocks run at once.
    private static readonly int SlotCount = Math.Max(4, Environment.ProcessorCount);

    private readonly ConcurrentBag<ScriptWorker> _idle = [];
    private readonly HashSet<ScriptWorker> _all = [];
    private readonly SemaphoreSlim _slots = new(SlotCount);

    // Cancelled while every slot is taken by a script that can't be stopped.
    private CancellationTokenSource _allStuck = new();
    private int _stuck;
    private bool _disposed;

    /// <summary>Waits for a worker that has nothing to do; fails when scripts that can't be stopped take all of them.</summary>
    public async Task<ScriptWorker> TakeAsync(CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _idle.TryTake(out var idle) ? idle : Create();
        }
        catch
        {
            _slots.Release();
            throw;
        }
    }

    /// <summary>Takes back a worker whose script has ended.</summary>
    public void Return(ScriptWorker worker)
    {
        worker.Clear();
        _idle.Add(worker);
        _slots.Release();
    }

    /// <summary>
    /// Stops a script whose response nobody waits for any more. One that is inside .NET code may not react: it keeps its slot and
    /// its thread until it ends by itself, so that there are never more threads than slots, however many messages come.
    /// </summary>
    public async Task StopAsync(ScriptWorker worker, Task running)
    {
        lock (_all)
        {
            _all.Remove(worker);
        }

        // Its outcome is the script's, which is handled elsewhere.
        var freeing = worker.FreeAsync(running);
        if (await Task.WhenAny(freeing, Task.Delay(StopTime)).ConfigureAwait(false) != freeing)
        {
            AddStuck(1);
            await Task.WhenAny(freeing).ConfigureAwait(false);
            AddStuck(-1);
        }

        _ = freeing.Exception;
        _ = running.Exception;
        _slots.Release();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ScriptWorker[] workers;
        lock (_all)
        {
            _disposed = true;
            workers = [.. _all];
        }

        // Interrupts scripts that loop, all at once. One that is inside .NET code may not react: the wait for it is short.
        var freeing = Task.WhenAll(workers.Select(static worker => worker.FreeAsync(Task.CompletedTask)));
        if (Task.WaitAny([freeing], StopTime) == 0)
        {
            freeing.GetAwaiter().GetResult();
        }
    }

    private async Task EnterAsync(CancellationToken cancellationToken)
    {
        CancellationToken allStuck;
        lock (_all)
        {
            allStuck = _allStuck.Token;
        }

        try
        {
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, allStuck);
            await _slots.WaitAsync(wait.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(Messages.Get("ResponderStuck", SlotCount));
        }
    }

    private ScriptWorker Create()
    {
        var worker = new ScriptWorker(script);
        lock (_all)
        {
            if (!_disposed)
            {
                _all.Add(worker);
                return worker;
            }
        }

        worker.Free();
        throw new ObjectDisposedException(nameof(ScriptWorkers));
    }

    private void AddStuck(int more)
    {
        CancellationTokenSource? ended = null;
        lock (_all)
        {
            _stuck += more;
            if (_stuck == SlotCount)
            {
                ended = _allStuck;
            }
            else if (_allStuck.IsCancellationRequested)
            {
                _allStuck = new CancellationTokenSource();
            }
        }

        ended?.Cancel();
    }
}
