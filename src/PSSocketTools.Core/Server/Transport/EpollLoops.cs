#if NET
using System.ComponentModel;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>The loops that servers share: started with the first server, gone with the last.</summary>
/// <remarks>
/// What is shared is the process's, since so are the processors: the loops of ten servers would only take turns on
/// them. It is the one thing the engine keeps beside its servers, and only for as long as there are any.
/// </remarks>
internal sealed class EpollLoops
{
    private static readonly object Sharing = new();
    private static EpollLoops? _shared;

    private readonly EpollLoop[] _loops;

    // What each server that uses them does when one of them has failed.
    private readonly List<Action<Exception>> _onFault = [];
    private Exception? _fault;
    private int _servers;
    private int _next = -1;

    private EpollLoops()
    {
        // Clients on the same machine need processors too, and on two of them a second loop only takes them away.
        _loops = new EpollLoop[Math.Max(1, Environment.ProcessorCount / 2)];
        try
        {
            for (var i = 0; i < _loops.Length; i++)
            {
                _loops[i] = DescriptorReserve.ForServer(() => new EpollLoop(i, Fault));
            }
        }
        catch
        {
            EndAll();
            throw;
        }
    }

    /// <summary>The loops that a server that starts now would share; null before the first.</summary>
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

    /// <summary>How many there are.</summary>
    public int Count => _loops.Length;

    /// <summary>The loops, for a server.</summary>
    /// <param name="alone">Whether no other server shares them, as it might have to wait for this one's disk.</param>
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

    /// <summary>Has a server told, on the thread of a loop, that the loop has failed: at once where one has.</summary>
    public void WhenFailed(Action<Exception> onFault)
    {
        Exception? fault;
        lock (_onFault)
        {
            _onFault.Add(onFault);
            fault = _fault;
        }

        if (fault is not null)
        {
            onFault(fault);
        }
    }

    /// <summary>The loop whose turn it is to get something to look after.</summary>
    public EpollLoop Next() => _loops[(int)((uint)Interlocked.Increment(ref _next) % (uint)_loops.Length)];

    /// <summary>Has something done on each loop.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="report">Gets what it threw, on that loop's thread.</param>
    public void PostToAll(Action<EpollLoop> action, Action<Exception> report)
    {
        foreach (var loop in _loops)
        {
            loop.Post(() => action(loop), report);
        }
    }

    /// <summary>A server needs them no more, and is told nothing from then on; the last one waits until they have ended.</summary>
    /// <param name="onFault">What it would have done.</param>
    public void Leave(Action<Exception> onFault)
    {
        lock (_onFault)
        {
            _onFault.Remove(onFault);
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

    /// <summary>One of the loops can't go on: its servers are told, and the next server gets other loops.</summary>
    private void Fault(Exception exception)
    {
        lock (Sharing)
        {
            if (_shared == this)
            {
                _shared = null;
            }
        }

        Action<Exception>[] told;
        lock (_onFault)
        {
            if (_fault is not null)
            {
                return;
            }

            _fault = exception;
            told = [.. _onFault];
        }

        Array.ForEach(told, onFault => Attempt.To(() => onFault(exception)));
    }

    private void EndAll()
    {
        foreach (var loop in _loops)
        {
            // Where the constructor failed, the rest are none.
            ((EpollLoop?)loop)?.Dispose();
        }
    }
}
#endif
