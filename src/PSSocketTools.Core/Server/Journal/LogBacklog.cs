using PSSocketTools.Platform;

namespace PSSocketTools.Server.Journal;

/// <summary>
/// The events of a journal that its log has not written yet. When they are too many, the server waits for the log, which drops none
/// and bounds what is lost when the process is killed; a log that writes nothing for too long is abandoned.
/// </summary>
/// <param name="gate">The journal's lock: its threads wait on it, and whoever appends holds it.</param>
/// <param name="ring">The journal's events.</param>
/// <param name="hasLog">Whether there is a log.</param>
internal sealed class LogBacklog(object gate, JournalRing ring, bool hasLog)
{
    /// <summary>How many events the log may fall behind, whatever the journal's capacity, before appending an event blocks.</summary>
    public const int MaxEvents = 10000;

    // The log gathers so many events for one write, and the first of them waits for the others no longer than the time below.
    private const int BatchEvents = 1024;
    private const int GatherMilliseconds = 50;

    // A sequence that no event reaches: the log needs no event from it on, and none after it wakes the log's thread.
    private const long Never = long.MaxValue;

    // The first event that the log has not written; Never when there is no log, or it was abandoned.
    private long _first = hasLog ? 1 : Never;

    // The log's thread is woken by an event after this one; Never while the thread is writing.
    private long _wakesAfter = Never;

    // Whether the log should write at once, because the server waits for room.
    private bool _isFlushDue;
    private bool _isEnding;
    private bool _hasStalled;

    /// <summary>How long the server waits for a log that writes nothing before it continues without the log.</summary>
    public TimeSpan StallLimit { get; private set; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether appending an event has to wait for the log. With the lock held.</summary>
    public bool IsFull => _first != Never && ring.Next - _first >= MaxEvents;

    /// <summary>Whether the log still needs an event that is the oldest of the journal. With the lock held.</summary>
    public bool Needs(long oldest) => _first == oldest;

    /// <summary>Blocks the log's thread until there are events to write.</summary>
    /// <param name="next">The first event that the log has not written.</param>
    /// <returns>False when the log has to end: no events will follow, or the log was abandoned.</returns>
    public bool WaitForEvents(long next)
    {
        lock (gate)
        {
            while (ring.Next <= next)
            {
                if (_isEnding || _first == Never)
                {
                    return false;
                }

                _wakesAfter = next - 1;
                Monitor.Wait(gate);
            }

            // Events come in bursts, and a write for each would cost a system call and two thread switches.
            var deadline = Deadline.AfterMilliseconds(GatherMilliseconds);
            while (ring.Next < next + BatchEvents && !_isFlushDue && !_isEnding && deadline.Milliseconds is > 0 and var left)
            {
                // The last event of a batch is next + BatchEvents - 1: the one that comes after this.
                _wakesAfter = next + BatchEvents - 2;
                Monitor.Wait(gate, left);
            }

            _wakesAfter = Never;
            _isFlushDue = false;
            return _first != Never;
        }
    }

    /// <summary>Wakes the log's thread if it waits for this event. With the lock held.</summary>
    public void Added(long sequence)
    {
        if (sequence > _wakesAfter)
        {
            _wakesAfter = Never;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>The log has written all events before a sequence.</summary>
    public void Written(long next)
    {
        lock (gate)
        {
            if (_first != Never)
            {
                _first = next;
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>Waits until the log has written some of the events, or was abandoned; false when it stalls. With the lock held.</summary>
    public bool WaitForLog()
    {
        var first = _first;
        var startedAt = Clock.System.Timestamp;
        while (_first == first)
        {
            // The limit may change while this waits.
            var deadline = Deadline.AfterLimit(startedAt, StallLimit);
            if (deadline.HasPassed)
            {
                return false;
            }

            if (!_isFlushDue)
            {
                _isFlushDue = true;
                Monitor.PulseAll(gate);
            }

            Monitor.Wait(gate, deadline.Milliseconds);
        }

        return true;
    }

    /// <summary>Sets how long the server waits for a log that writes nothing.</summary>
    public void LimitStall(TimeSpan limit)
    {
        lock (gate)
        {
            StallLimit = limit;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Makes the log write the remaining events and end.</summary>
    /// <returns>False when the log stalled and was abandoned: its thread may never end.</returns>
    public bool Finish()
    {
        lock (gate)
        {
            _isEnding = true;
            Monitor.PulseAll(gate);
            return !_hasStalled;
        }
    }

    /// <summary>Abandons the log; false when it was abandoned before, or there is none. With the lock held.</summary>
    public bool TryAbandon(bool hasStalled)
    {
        if (_first == Never)
        {
            return false;
        }

        _first = Never;
        _hasStalled = hasStalled;
        Monitor.PulseAll(gate);
        return true;
    }
}
