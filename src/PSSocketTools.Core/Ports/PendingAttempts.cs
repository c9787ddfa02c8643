using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>The pending attempts of a scan, as many as there are descriptors for, and those postponed for want of one.</summary>
internal sealed class PendingAttempts
{
    private readonly ProbeTransport _transport;
    private readonly Queue<ProbeAttempt> _postponed = new();
    private readonly int _maxDescriptors;
    private int _descriptors;
    private int _count;

    public PendingAttempts(ProbeTransport transport)
    {
        _transport = transport;
        _descriptors = _maxDescriptors = DescriptorLimit.Available();
    }

    /// <summary>Whether there is a descriptor for another attempt, as far as is known.</summary>
    public bool HasRoom => _count < _descriptors;

    public bool HasPostponed => _postponed.Count > 0;

    /// <summary>Begins an attempt; one that finds no descriptor is postponed until another ends, and from then on there are fewer at a time.</summary>
    /// <exception cref="SocketToolsException">TooManyOpenFiles: no other attempt has a descriptor that it will close.</exception>
    public StartResult Begin(ProbeAttempt attempt)
    {
        var probe = Probe.Of(attempt);
        if (!_transport.Begin(attempt))
        {
            _count++;
            (probe.Pending ??= []).Add(attempt);
            return StartResult.Pending;
        }

        if (!SocketErrors.IsExhausted(attempt.Error))
        {
            return StartResult.Ended;
        }

        if (_count == 0)
        {
            throw SocketErrors.ToExhaustedError(EndPointText.Of(probe.Host.Name, probe.Port), new SocketException((int)attempt.Error));
        }

        _descriptors = _count;
        probe.Postponed++;
        _postponed.Enqueue(attempt);
        return StartResult.Postponed;
    }

    /// <summary>The attempt that was postponed first, to be begun anew.</summary>
    public ProbeAttempt TakePostponed()
    {
        var postponed = _postponed.Dequeue();
        Probe.Of(postponed).Postponed--;
        return postponed.Again();
    }

    /// <summary>Removes an attempt that has ended.</summary>
    public void Remove(ProbeAttempt attempt)
    {
        Probe.Of(attempt).Pending!.Remove(attempt);
        _count--;

        // The descriptors may be free again; if they are not, the next attempt that fails lowers the number once more.
        if (_descriptors < _maxDescriptors)
        {
            _descriptors++;
        }
    }

    /// <summary>Removes an attempt, and closes its socket.</summary>
    public void Abandon(ProbeAttempt attempt)
    {
        Remove(attempt);
        _transport.Abandon(attempt);
    }

    /// <summary>Removes the attempts of a probe that has ended.</summary>
    public void AbandonAll(Probe probe)
    {
        if (probe.Pending is { Count: > 0 } pending)
        {
            _count -= pending.Count;
            pending.ForEach(_transport.Abandon);
            pending.Clear();
        }
    }

    /// <summary>What became of an attempt that was begun.</summary>
    internal enum StartResult
    {
        /// <summary>It ended at once.</summary>
        Ended,

        /// <summary>The transport will report its end.</summary>
        Pending,

        /// <summary>There was no descriptor for it.</summary>
        Postponed,
    }
}
