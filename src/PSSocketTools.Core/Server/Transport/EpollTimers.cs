#if NET
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>
/// The deadlines of a loop's sources: a binary heap by when to check. Extending a deadline, which every message of a connection
/// with an idle timeout does, costs nothing: the source is checked at its old deadline, and rescheduled then.
/// </summary>
internal sealed class EpollTimers
{
    /// <summary>A timestamp by which every deadline has passed, except never.</summary>
    public const long EndOfTime = long.MaxValue - 1;

    private PumpHandler[] _heap = new PumpHandler[16];
    private int _count;

    /// <summary>When the next check is due; never when there is none.</summary>
    public Deadline Next => _count == 0 ? Deadline.Never : _heap[0].CheckAt;

    /// <summary>Sets the deadline of a source.</summary>
    public void Set(PumpHandler source, Deadline deadline)
    {
        source.Deadline = deadline;
        if (source.TimerIndex < 0)
        {
            if (_count == _heap.Length)
            {
                Array.Resize(ref _heap, _count * 2);
            }

            source.CheckAt = deadline;
            Place(source, _count++);
            SiftUp(source);
        }
        else if (deadline.IsBefore(source.CheckAt))
        {
            source.CheckAt = deadline;
            SiftUp(source);
        }
    }

    /// <summary>Removes a source and its deadline.</summary>
    public void Remove(PumpHandler source)
    {
        source.Deadline = Deadline.Never;
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
            SiftUp(last);
            SiftDown(last);
        }
    }

    /// <summary>Removes a source whose deadline has passed.</summary>
    /// <param name="now">A timestamp of the clock.</param>
    /// <param name="source">The source.</param>
    public bool TryTake(long now, out PumpHandler source)
    {
        while (_count > 0 && _heap[0].CheckAt.HasPassedBy(now))
        {
            source = _heap[0];
            if (source.Deadline.HasPassedBy(now))
            {
                Remove(source);
                return true;
            }

            if (source.Deadline.IsNever)
            {
                Remove(source);
            }
            else
            {
                source.CheckAt = source.Deadline;
                SiftDown(source);
            }
        }

        source = null!;
        return false;
    }

    private void Place(PumpHandler source, int index)
    {
        _heap[index] = source;
        source.TimerIndex = index;
    }

    private void SiftUp(PumpHandler source)
    {
        var index = source.TimerIndex;
        while (index > 0 && source.CheckAt.IsBefore(_heap[(index - 1) / 2].CheckAt))
        {
            Place(_heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        Place(source, index);
    }

    private void SiftDown(PumpHandler source)
    {
        var index = source.TimerIndex;
        while (true)
        {
            var child = (2 * index) + 1;
            if (child + 1 < _count && _heap[child + 1].CheckAt.IsBefore(_heap[child].CheckAt))
            {
                child++;
            }

            if (child >= _count || !_heap[child].CheckAt.IsBefore(source.CheckAt))
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
