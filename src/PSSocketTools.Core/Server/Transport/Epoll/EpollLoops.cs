using System.ComponentModel;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>The loops that servers share: started with the first server, ended with the last.</summary>
/// <remarks>
/// They are shared within the process because the processors are: the loops of ten servers would only compete for them. This is
/// the only state that the engine keeps beside its servers, and only while there are any.
/// </remarks>
internal sealed class EpollLoops
{
    private static readonly object Sharing = new();
    private static EpollLoops? _shared;

    private readonly EpollLoop[] _loops;

    // The servers' handlers of a failed loop.
    private readonly List<Action<Exception>> _onFailure = [];
    private Exception? _failure;
    private int _servers;
    private int _next = -1;

    private EpollLoops()
    {
        // Half of the processors, since clients on the same machine need some too; with two a second loop makes both slower.
        _loops = new EpollLoop[Math.Max(1, Environment.ProcessorCount / 2)];
        try
        {
            for (var i = 0; i < _loops.Length; i++)
            {
                _loops[i] = DescriptorReserve.ForServer(() => new EpollLoop(i, LoopFailed));
            }
        }
        catch
        {
            EndAll();
            throw;
        }
    }

    /// <summary>The loops that the next server would share; null when there are none.</summary>
    internal static EpollLoops? Shared
    {
        get
        {
            lock (Sharing)
            {
                return _shared;
            }
        }
    }

    public int Count => _loops.Length;

    /// <summary>Returns loops for a server.</summary>
    /// <param name="alone">Whether the loops are not shared, since a server with a log can block on its disk.</param>
    /// <exception cref="Win32Exception">The system has no descriptor left.</exception>
    public static EpollLoops Join(bool alone)
    {
        if (alone)
        {
            return new EpollLoops { _servers = 1 };
        }

        lock (Sharing)
        {
            _shared ??= new EpollLoops();
            _shared._servers++;
            return _shared;
        }
    }

    /// <summary>Registers a handler, called on the thread of a loop that fails, or at once if one has failed already.</summary>
    public void OnFailed(Action<Exception> onFailure)
    {
        Exception? failure;
        lock (_onFailure)
        {
            _onFailure.Add(onFailure);
            failure = _failure;
        }

        if (failure is not null)
        {
            onFailure(failure);
        }
    }

    /// <summary>The next loop, round-robin.</summary>
    public EpollLoop Next() => _loops[(int)((uint)Interlocked.Increment(ref _next) % (uint)_loops.Length)];

    /// <summary>Releases the loops for a server, and removes its handler; the last server waits until they have ended.</summary>
    /// <param name="onFailure">The handler; null for none.</param>
    public void Leave(Action<Exception>? onFailure)
    {
        if (onFailure is not null)
        {
            lock (_onFailure)
            {
                _onFailure.Remove(onFailure);
            }
        }

        lock (Sharing)
        {
            if (--_servers > 0)
            {
                return;
            }

            if (_shared == this)
            {
                _shared = null;
            }
        }

        EndAll();
    }

    /// <summary>Handles a failed loop: calls the servers' handlers, and the next server gets new loops.</summary>
    private void LoopFailed(Exception exception)
    {
        lock (Sharing)
        {
            if (_shared == this)
            {
                _shared = null;
            }
        }

        Action<Exception>[] handlers;
        lock (_onFailure)
        {
            if (_failure is not null)
            {
                return;
            }

            _failure = exception;
            handlers = [.. _onFailure];
        }

        Array.ForEach(handlers, onFailure => BestEffort.Run(() => onFailure(exception)));
    }

    private void EndAll()
    {
        foreach (var loop in _loops)
        {
            // After a failed constructor the rest are null.
            ((EpollLoop?)loop)?.Dispose();
        }
    }
}
