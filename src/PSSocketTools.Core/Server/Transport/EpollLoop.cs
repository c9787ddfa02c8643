#if NET
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>A thread that waits for many descriptors at once and tends to those where something happened, one after the other.</summary>
internal sealed class EpollLoop : IPump, IDisposable
{
    private const int EntriesAtOnce = 512;

    private static int _running;

    private readonly LinuxEpoll _epoll;
    private readonly EpollTimers _timers = new();
    private readonly Thread _thread;
    private readonly object _posting = new();
    private TimedSource?[] _sources = new TimedSource[64];
    private List<TimedSource> _turns = [];
    private List<TimedSource> _turnsNow = [];
    private List<(Action Action, Action<Exception> Report)> _posts = [];
    private List<(Action Action, Action<Exception> Report)> _postsNow = [];
    private volatile bool _hasPosts;
    private readonly Action<Exception> _onFault;
    private volatile Win32Exception? _fault;
    private bool _ending;

    /// <summary>Starts the thread.</summary>
    /// <param name="index">Its number among the loops of its group.</param>
    /// <param name="onFault">Is told on the loop's thread what keeps it from waiting for descriptors ever again.</param>
    /// <exception cref="Win32Exception">The system has no descriptor left.</exception>
    public EpollLoop(int index, Action<Exception> onFault)
    {
        Index = index;
        _onFault = onFault;
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

    /// <summary>How many loops the process has whose threads have not ended.</summary>
    internal static int Running => Volatile.Read(ref _running);

    /// <summary>Its number among the loops of its group.</summary>
    public int Index { get; }

    /// <summary>The descriptor it waits with.</summary>
    internal int Descriptor => _epoll.Descriptor;

    /// <summary>Has something done on the loop's thread, after what was posted before. From any thread.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="report">Gets what it threw, on the loop's thread.</param>
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

    /// <summary>The same; the task ends when it is done, or fails as it did.</summary>
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
    public void Post(Connection connection, ConnectionSignal signal) => Post(() => connection.Do(signal), connection.Fail);

    /// <inheritdoc/>
    public void Wake(Connection connection) => Post(connection, ConnectionSignal.Wake);

    /// <summary>Ends the thread once all that was posted is done, and waits for it.</summary>
    public void Dispose()
    {
        Post(() => _ending = true, static _ => { });
        _thread.Join();
    }

    /// <summary>Watches a descriptor for a source.</summary>
    /// <exception cref="Win32Exception">The system can't, or the loop has failed.</exception>
    public void Watch(int descriptor, int events, TimedSource source)
    {
        if (_fault is { } fault)
        {
            throw new Win32Exception(fault.NativeErrorCode);
        }

        if (descriptor >= _sources.Length)
        {
            Array.Resize(ref _sources, Math.Max(descriptor + 1, _sources.Length * 2));
        }

        if (!_epoll.TryAdd(descriptor, events))
        {
            throw new Win32Exception(Marshal.GetLastWin32Error());
        }

        _sources[descriptor] = source;
    }

    /// <summary>Watches a descriptor no more, which stays open.</summary>
    public void Unwatch(int descriptor)
    {
        _epoll.Remove(descriptor);
        _sources[descriptor] = null;
    }

    /// <summary>Forgets a source whose descriptor is about to be closed, which takes it from the kernel's set too.</summary>
    public void Forget(int descriptor, TimedSource source)
    {
        if (descriptor < _sources.Length && _sources[descriptor] == source)
        {
            _sources[descriptor] = null;
        }

        _timers.Remove(source);
    }

    /// <inheritdoc/>
    public void SetTimer(TimedSource source, int milliseconds) =>
        _timers.Set(source, Stopwatch.GetTimestamp() + (milliseconds * Stopwatch.Frequency / 1000));

    /// <inheritdoc/>
    public void Yield(TimedSource source) => _turns.Add(source);

    private void Run()
    {
        try
        {
            TendAll();
        }
        catch (Win32Exception exception)
        {
            FailAll(exception);
        }

        _epoll.Dispose();
        Interlocked.Decrement(ref _running);
    }

    /// <summary>
    /// The system lets the loop wait no more: ends all it looks after, and does only what is posted from then on, since
    /// servers stop by that, and an exception that left this thread would end the process.
    /// </summary>
    private void FailAll(Win32Exception exception)
    {
        _fault = exception;
        Attempt.To(() => _onFault(exception));
        RunPosts();
        foreach (var source in _sources.ToArray())
        {
            if (source is not null)
            {
                Fail(source, exception);
            }
        }

        // Those that wait for a time alone.
        while (_timers.TryTake(long.MaxValue - 1, out var source))
        {
            Fail(source, exception);
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

    private unsafe void TendAll()
    {
        var entries = stackalloc byte[EntriesAtOnce * LinuxEpoll.LongestEntry];
        while (!_ending)
        {
            var count = _epoll.Wait(entries, EntriesAtOnce, Patience());
            for (var i = 0; i < count; i++)
            {
                var descriptor = LinuxEpoll.DescriptorOf(entries, i);
                if (descriptor < _sources.Length && _sources[descriptor] is { } source)
                {
                    OnReady(source, LinuxEpoll.EventsOf(entries, i));
                }
                else
                {
                    // Else it was closed by what happened to another one just before.
                    _ = _epoll.TakeWake(descriptor);
                }
            }

            if (_timers.Next != TimedSource.Never)
            {
                var now = Stopwatch.GetTimestamp();
                while (_timers.TryTake(now, out var source))
                {
                    OnTime(source);
                }
            }

            if (_turns.Count > 0)
            {
                (_turns, _turnsNow) = (_turnsNow, _turns);
                foreach (var source in _turnsNow)
                {
                    OnTurn(source);
                }

                _turnsNow.Clear();
            }

            if (_hasPosts)
            {
                RunPosts();
            }
        }
    }

    /// <summary>How long the next wait may take, in milliseconds.</summary>
    private int Patience()
    {
        if (_turns.Count > 0 || _hasPosts)
        {
            return 0;
        }

        var next = _timers.Next;
        if (next == TimedSource.Never)
        {
            return -1;
        }

        // Rounded up: a wait that is a little too short would be followed by many that are.
        var left = next - Stopwatch.GetTimestamp();
        return left <= 0 ? 0 : (int)Math.Min(((left * 1000) + Stopwatch.Frequency - 1) / Stopwatch.Frequency, int.MaxValue);
    }

    private void RunPosts()
    {
        lock (_posting)
        {
            (_posts, _postsNow) = (_postsNow, _posts);
            _hasPosts = false;
        }

        foreach (var (action, report) in _postsNow)
        {
            Attempt.To(action, report);
        }

        _postsNow.Clear();
    }

#pragma warning disable CA1031 // What one source throws ends that source alone: nothing may end the thread, and with it the process.
    private static void OnReady(TimedSource source, int events)
    {
        try
        {
            source.OnReady(events);
        }
        catch (Exception exception)
        {
            Fail(source, exception);
        }
    }

    private static void OnTime(TimedSource source)
    {
        try
        {
            source.OnTime();
        }
        catch (Exception exception)
        {
            Fail(source, exception);
        }
    }

    private static void OnTurn(TimedSource source)
    {
        try
        {
            source.OnTurn();
        }
        catch (Exception exception)
        {
            Fail(source, exception);
        }
    }
#pragma warning restore CA1031

    private static void Fail(TimedSource source, Exception exception) => Attempt.To(() => source.Fail(exception));
}
#endif
