using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>A thread that waits for many descriptors at once, and runs their handlers one after the other.</summary>
internal sealed class EpollLoop : IPump, IDisposable
{
    private const int MaxEntriesPerWait = 512;

    private static int _running;

    private readonly LinuxEpoll _epoll;
    private readonly EpollTimers _timers = new();
    private readonly Thread _thread;
    private readonly object _posting = new();
    private PumpHandler?[] _handlers = new PumpHandler[64];
    private List<PumpHandler> _ready = [];
    private List<PumpHandler> _readyBatch = [];
    private List<(Action Action, Action<Exception> Report)> _posts = [];
    private List<(Action Action, Action<Exception> Report)> _postBatch = [];
    private volatile bool _hasPosts;
    private readonly Action<Exception> _onFailure;
    private volatile Win32Exception? _failure;
    private bool _ending;

    /// <summary>Starts the thread.</summary>
    /// <param name="index">Its number among the loops of its group.</param>
    /// <param name="onFailure">Called on the loop's thread when it can't wait for descriptors any more.</param>
    /// <exception cref="Win32Exception">The system has no descriptor left.</exception>
    public EpollLoop(int index, Action<Exception> onFailure)
    {
        Index = index;
        _onFailure = onFailure;
        _epoll = new LinuxEpoll();
        _thread = new Thread(Run) { IsBackground = true, Name = "EchoLoop" + index.ToString(CultureInfo.InvariantCulture) };
        try
        {
            _thread.Start();
        }
        catch
        {
            _epoll.Dispose();
            throw;
        }

        Interlocked.Increment(ref _running);
    }

    /// <summary>The number of loops in the process whose threads have not ended.</summary>
    internal static int Running => Volatile.Read(ref _running);

    /// <summary>Its number among the loops of its group.</summary>
    public int Index { get; }

    /// <summary>Room for datagrams that no socket uses now; null before the first use, and while one does. Only for the loop's handlers.</summary>
    public LinuxDatagrams? FreeDatagrams { get; set; }

    /// <summary>The descriptor of its epoll set.</summary>
    internal int Descriptor => _epoll.Descriptor;

    /// <summary>Queues an action for the loop's thread, in order. From any thread.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="report">Gets its exception, on the loop's thread.</param>
    public void Post(Action action, Action<Exception> report)
    {
        lock (_posting)
        {
            _posts.Add((action, report));
            if (_hasPosts)
            {
                return;
            }

            _hasPosts = true;
            Monitor.Pulse(_posting);
        }

        _epoll.Wake();
    }

    /// <summary>Queues an action for the loop's thread; the task completes or fails with it.</summary>
    public Task PostAsync(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(
            () =>
            {
                action();
                done.SetResult();
            },
            done.SetException);
        return done.Task;
    }

    /// <inheritdoc/>
    public void Post(Connection connection, ConnectionSignal signal) => Post(() => connection.Handle(signal), connection.Fail);

    /// <summary>Ends the thread after the queued actions, and waits for its end.</summary>
    public void Dispose()
    {
        Post(() => _ending = true, static _ => { });
        _thread.Join();
    }

    /// <summary>Starts to watch a descriptor for a handler.</summary>
    /// <exception cref="Win32Exception">The system can't, or the loop has failed.</exception>
    public void Watch(int descriptor, int events, PumpHandler handler)
    {
        if (_failure is { } failure)
        {
            throw new Win32Exception(failure.NativeErrorCode);
        }

        if (descriptor >= _handlers.Length)
        {
            Array.Resize(ref _handlers, Math.Max(descriptor + 1, _handlers.Length * 2));
        }

        if (!_epoll.TryAdd(descriptor, events))
        {
            throw new Win32Exception(Marshal.GetLastWin32Error());
        }

        _handlers[descriptor] = handler;
    }

    /// <summary>Stops watching a descriptor, which stays open.</summary>
    public void Unwatch(int descriptor)
    {
        _epoll.Remove(descriptor);
        _handlers[descriptor] = null;
    }

    /// <summary>Removes a handler whose descriptor is about to be closed; the close removes it from the epoll set.</summary>
    public void Forget(int descriptor, PumpHandler handler)
    {
        if (descriptor < _handlers.Length && _handlers[descriptor] == handler)
        {
            _handlers[descriptor] = null;
        }

        _timers.Remove(handler);
    }

    /// <inheritdoc/>
    public void SetTimer(PumpHandler handler, Deadline deadline) => _timers.Set(handler, deadline);

    /// <inheritdoc/>
    public void Yield(PumpHandler handler) => _ready.Add(handler);

    private void Run()
    {
        try
        {
            RunEvents();
        }
        catch (Win32Exception exception)
        {
            FailAll(exception);
        }

        _epoll.Dispose();
        Interlocked.Decrement(ref _running);
    }

    /// <summary>
    /// Handles a failed epoll set: fails all handlers, and from then on only runs queued actions, since servers stop by them, and an
    /// unhandled exception of this thread would end the process.
    /// </summary>
    private void FailAll(Win32Exception exception)
    {
        _failure = exception;
        BestEffort.Run(() => _onFailure(exception));
        RunPosts();

        // Ready handlers fail too: a socket that is read without being watched is only among those.
        foreach (var handler in _handlers.Concat(_ready).ToArray())
        {
            if (handler is not null)
            {
                Fail(handler, exception);
            }
        }

        // The handlers that are left have only a timer.
        while (_timers.TryTake(EpollTimers.EndOfTime, out var handler))
        {
            Fail(handler, exception);
        }

        while (!_ending)
        {
            lock (_posting)
            {
                while (!_hasPosts)
                {
                    Monitor.Wait(_posting);
                }
            }

            RunPosts();
        }
    }

    private unsafe void RunEvents()
    {
        var entries = stackalloc byte[MaxEntriesPerWait * LinuxEpoll.MaxEntryBytes];
        while (!_ending)
        {
            var count = _epoll.Wait(entries, MaxEntriesPerWait, WaitMilliseconds());
            for (var i = 0; i < count; i++)
            {
                var descriptor = LinuxEpoll.DescriptorOf(entries, i);
                if (descriptor < _handlers.Length && _handlers[descriptor] is { } handler)
                {
                    OnReady(handler, LinuxEpoll.EventsOf(entries, i));
                }
                else
                {
                    // It is the wake, or else the handler of an earlier event has closed the descriptor.
                    _ = _epoll.TakeWake(descriptor);
                }
            }

            if (!_timers.Next.IsNever)
            {
                var now = Clock.System.Timestamp;
                while (_timers.TryTake(now, out var handler))
                {
                    OnTime(handler);
                }
            }

            if (_ready.Count > 0)
            {
                (_ready, _readyBatch) = (_readyBatch, _ready);
                foreach (var handler in _readyBatch)
                {
                    OnResume(handler);
                }

                _readyBatch.Clear();
            }

            if (_hasPosts)
            {
                RunPosts();
            }
        }
    }

    /// <summary>The timeout of the next wait, in milliseconds.</summary>
    private int WaitMilliseconds() => _ready.Count > 0 || _hasPosts ? 0 : _timers.Next.Milliseconds;

    private void RunPosts()
    {
        lock (_posting)
        {
            (_posts, _postBatch) = (_postBatch, _posts);
            _hasPosts = false;
        }

        foreach (var (action, report) in _postBatch)
        {
            BestEffort.Run(action, report);
        }

        _postBatch.Clear();
    }

#pragma warning disable CA1031 // An exception of one handler ends that handler alone: it must not end the thread, and with it the process.
    private static void OnReady(PumpHandler handler, int events)
    {
        try
        {
            handler.OnReady(events);
        }
        catch (Exception exception)
        {
            Fail(handler, exception);
        }
    }

    private static void OnTime(PumpHandler handler)
    {
        try
        {
            handler.OnTime();
        }
        catch (Exception exception)
        {
            Fail(handler, exception);
        }
    }

    private static void OnResume(PumpHandler handler)
    {
        try
        {
            handler.OnResume();
        }
        catch (Exception exception)
        {
            Fail(handler, exception);
        }
    }
#pragma warning restore CA1031

    private static void Fail(PumpHandler handler, Exception exception) => BestEffort.Run(() => handler.Fail(exception));
}
