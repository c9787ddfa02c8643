using System.Net.Sockets;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Tests.Ports.Probing;

/// <summary>A transport without sockets: the test ends attempts, and the loop's calls are recorded.</summary>
internal sealed class ScriptedProbeTransport(Func<ProbeAttempt, SocketError?> begin) : ProbeTransport
{
    private readonly object _gate = new();
    private readonly List<ProbeAttempt> _ready = [];
    private readonly HashSet<ProbeAttempt> _pending = [];
    private bool _woken;

    /// <summary>The loop's breaches of the contract: each attempt ends once, by the transport or by the loop.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Every attempt that was begun.</summary>
    public List<ProbeAttempt> Begun { get; } = [];

    public int MostPending { get; private set; }

    /// <summary>Whether the test ends attempts by itself as they begin.</summary>
    public bool EndsItself { get; init; }

    public ProbeAttempt[] Pending
    {
        get
        {
            lock (_gate)
            {
                return [.. _pending];
            }
        }
    }

    public override bool Begin(ProbeAttempt attempt)
    {
        attempt.Start();
        lock (_gate)
        {
            Begun.Add(attempt);
            if (_pending.Any(other => other.Owner == attempt.Owner && other.Address.Equals(attempt.Address)))
            {
                Faults.Add("two attempts on one address at once");
            }
        }

        if (begin(attempt) is { } error)
        {
            attempt.End(error);
            return true;
        }

        if (EndsItself)
        {
            return true;
        }

        lock (_gate)
        {
            _pending.Add(attempt);
            MostPending = Math.Max(MostPending, _pending.Count);
            Monitor.PulseAll(_gate);
        }

        return false;
    }

    public override void Abandon(ProbeAttempt attempt)
    {
        lock (_gate)
        {
            attempt.IsAbandoned = true;
            if (!_pending.Remove(attempt))
            {
                Faults.Add("an attempt that had ended was abandoned");
            }
        }
    }

    public override void Wait(int milliseconds, ICollection<ProbeAttempt> ended)
    {
        lock (_gate)
        {
            if (_ready.Count == 0 && !_woken)
            {
                Monitor.Wait(_gate, milliseconds);
            }

            _woken = false;
            foreach (var attempt in _ready.Where(_pending.Remove))
            {
                ended.Add(attempt);
            }

            _ready.Clear();
        }
    }

    public override void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.PulseAll(_gate);
        }
    }

    public override void Dispose()
    {
    }

    /// <summary>Waits until so many attempts are pending, and ends them all in one wait.</summary>
    public void EndTogether(int count, SocketError error)
    {
        lock (_gate)
        {
            AwaitPending(count);
            foreach (var attempt in _pending.Where(attempt => !_ready.Contains(attempt)))
            {
                attempt.End(error);
                _ready.Add(attempt);
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until so many attempts are pending.</summary>
    public void AwaitPending(int count)
    {
        lock (_gate)
        {
            while (_pending.Count(attempt => !_ready.Contains(attempt)) < count)
            {
                Assert(Monitor.Wait(_gate, Patience.Long));
            }
        }
    }

    private static void Assert(bool isTrue) => Xunit.Assert.True(isTrue);
}
