using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>
/// The deadlines of a loop's handlers: a binary heap by when to check. Extending a deadline, which every message of a connection
/// with an idle timeout does, costs nothing: the handler is checked at its old deadline, and rescheduled then.
/// </summary>
internal sealed class EpollTimers
{
    /// <summary>A timestamp by which every deadline has passed, except never.</summary>
    public const long EndOfTime = long.MaxValue - 1;

    private PumpHandler[] _heap = new PumpHandler[16];
    private int _count;

    /// <summary>When the next check is due; never when there is none.</summary>
    public Deadline Next => _count == 0 ? Deadline.Never : _heap[0].CheckAt;

    /// <summary>Sets the deadline of a handler.</summary>
    public void Set(PumpHandler handler, Deadline deadline)
    {
        handler.Deadline = deadline;
        if (handler.TimerIndex < 0)
        {
            if (_count == _heap.Length)
            {
                Array.Resize(ref _heap, _count * 2);
            }

            handler.CheckAt = deadline;
            Place(handler, _count++);
            SiftUp(handler);
        }
        else if (deadline.IsBefore(handler.CheckAt))
        {
            handler.CheckAt = deadline;
            SiftUp(handler);
        }
    }

    /// <summary>Removes a handler and its deadline.</summary>
    public void Remove(PumpHandler handler)
    {
        handler.Deadline = Deadline.Never;
        var index = handler.TimerIndex;
        if (index < 0)
        {
            return;
        }

        handler.TimerIndex = -1;
        var last = _heap[--_count];
        _heap[_count] = null!;
        if (last != handler)
        {
            Place(last, index);
            SiftUp(last);
            SiftDown(last);
        }
    }

    /// <summary>Removes a handler whose deadline has passed.</summary>
    /// <param name="now">A timestamp of the clock.</param>
    /// <param name="handler">The handler.</param>
    public bool TryTake(long now, out PumpHandler handler)
    {
        while (_count > 0 && _heap[0].CheckAt.HasPassedBy(now))
        {
            handler = _heap[0];
            if (handler.Deadline.HasPassedBy(now))
            {
                Remove(handler);
                return true;
            }

            if (handler.Deadline.IsNever)
            {
                Remove(handler);
            }
            else
            {
                handler.CheckAt = handler.Deadline;
                SiftDown(handler);
            }
        }

        handler = null!;
        return false;
    }

    private void Place(PumpHandler handler, int index)
    {
        _heap[index] = handler;
        handler.TimerIndex = index;
    }

    private void SiftUp(PumpHandler handler)
    {
        var index = handler.TimerIndex;
        while (index > 0 && handler.CheckAt.IsBefore(_heap[(index - 1) / 2].CheckAt))
        {
            Place(_heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        Place(handler, index);
    }

    private void SiftDown(PumpHandler handler)
    {
        var index = handler.TimerIndex;
        while (true)
        {
            var child = (2 * index) + 1;
            if (child + 1 < _count && _heap[child + 1].CheckAt.IsBefore(_heap[child].CheckAt))
            {
                child++;
            }

            if (child >= _count || !_heap[child].CheckAt.IsBefore(handler.CheckAt))
            {
                break;
            }

            Place(_heap[child], index);
            index = child;
        }

        Place(handler, index);
    }
}
