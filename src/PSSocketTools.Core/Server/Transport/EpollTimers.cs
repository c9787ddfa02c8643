#if NET

namespace PSSocketTools.Server.Transport;

/// <summary>
/// The deadlines of a loop's sources: a binary heap by when to look. A deadline that moves away, as with every message
/// of a connection with an idle limit, costs nothing: the source is looked at when it was going to be, and put off then.
/// </summary>
internal sealed class EpollTimers
{
    private TimedSource[] _heap = new TimedSource[16];
    private int _count;

    /// <summary>When to look next; <see cref="TimedSource.Never"/> when there is nothing to look at.</summary>
    public long Next => _count == 0 ? TimedSource.Never : _heap[0].LookAt;

    /// <summary>Gives a source a deadline in place of the one it had.</summary>
    public void Set(TimedSource source, long deadline)
    {
        source.Deadline = deadline;
        if (source.TimerIndex < 0)
        {
            if (_count == _heap.Length)
            {
                Array.Resize(ref _heap, _count * 2);
            }

            source.LookAt = deadline;
            Place(source, _count++);
            Rise(source);
        }
        else if (deadline < source.LookAt)
        {
            source.LookAt = deadline;
            Rise(source);
        }
    }

    /// <summary>Forgets a source.</summary>
    public void Remove(TimedSource source)
    {
        source.Deadline = TimedSource.Never;
        var index = source.TimerIndex;
        if (index < 0)
        {
            return;
        }

        source.TimerIndex = -1;
        var last = _heap[--_count];
        _heap[_count] = null!;
        if (last != source)
        {
            Place(last, index);
            Rise(last);
            Sink(last);
        }
    }

    /// <summary>A source whose deadline has come; it has none after.</summary>
    public bool TryTake(long now, out TimedSource source)
    {
        while (_count > 0 && _heap[0].LookAt <= now)
        {
            source = _heap[0];
            if (source.Deadline <= now)
            {
                Remove(source);
                return true;
            }

            if (source.Deadline == TimedSource.Never)
            {
                Remove(source);
            }
            else
            {
                source.LookAt = source.Deadline;
                Sink(source);
            }
        }

        source = null!;
        return false;
    }

    private void Place(TimedSource source, int index)
    {
        _heap[index] = source;
        source.TimerIndex = index;
    }

    private void Rise(TimedSource source)
    {
        var index = source.TimerIndex;
        while (index > 0 && _heap[(index - 1) / 2].LookAt > source.LookAt)
        {
            Place(_heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        Place(source, index);
    }

    private void Sink(TimedSource source)
    {
        var index = source.TimerIndex;
        while (true)
        {
            var child = (2 * index) + 1;
            if (child + 1 < _count && _heap[child + 1].LookAt < _heap[child].LookAt)
            {
                child++;
            }

            if (child >= _count || _heap[child].LookAt >= source.LookAt)
            {
                break;
            }

            Place(_heap[child], index);
            index = child;
        }

        Place(source, index);
    }
}
#endif
