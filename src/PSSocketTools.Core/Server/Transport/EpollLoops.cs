#if NET
using System.ComponentModel;

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
                _loops[i] = new EpollLoop(i);
            }
        }
        catch (Win32Exception)
        {
            EndAll();
            throw;
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
            return new EpollLoops();
        }

        lock (Sharing)
        {
            _shared ??= new EpollLoops();
            _shared._servers++;
            return _shared;
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

    /// <summary>A server needs them no more; the last one waits until they have ended.</summary>
    public void Leave()
    {
        lock (Sharing)
        {
            if (_shared == this)
            {
                if (--_servers > 0)
                {
                    return;
                }

                _shared = null;
            }
        }

        EndAll();
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
