using System.Diagnostics;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// What the threads that use a session share, and the one lock around it: the answers owed, the messages nobody waited
/// for, whose turn it is to read, and how the session ended.
/// </summary>
internal sealed class SessionLedger(Channel channel, MessageSource source, long inboxLimit)
{
    /// <summary>Pulsed when a reader leaves, an answer comes or the session ends.</summary>
    private readonly object _sync = new();
    private readonly OwedAnswers _owed = new();
    private readonly Inbox _inbox = new(inboxLimit);
    private readonly List<Waker> _listeners = [];
    private bool _isRead;
    private volatile SessionEnd? _ended;

    /// <summary>How the session ended; null while it is open.</summary>
    public SessionEnd? Ended => _ended;

    public bool IsOpen => _ended is null;

    /// <summary>The bytes of the messages that are not answered yet.</summary>
    public long OwedBytes => _owed.Bytes;

    /// <summary>The last of the answers owed; null when there is none.</summary>
    public Exchange? LastOwed
    {
        get
        {
            lock (_sync)
            {
                return _owed.Last;
            }
        }
    }

    /// <summary>Notes that answers are owed from now on; false when the session has ended.</summary>
    public bool Owe(List<Exchange> batch)
    {
        var timestamp = DateTimeOffset.Now;
        lock (_sync)
        {
            if (!IsOpen)
            {
                return false;
            }

            // Where only a pause ends an answer, those to messages nobody waits for come as one.
            var joins = source.EndsByPause && _owed.Any;
            var startedAt = Stopwatch.GetTimestamp();
            foreach (var exchange in batch)
            {
                exchange.Start(timestamp, startedAt);
                _owed.Add(exchange, joins);
            }

            return true;
        }
    }

    /// <summary>The one whose answer has come, and whether it is still waited for; null when none is owed.</summary>
    public Exchange? TakeOwed(out bool isWaitedFor)
    {
        lock (_sync)
        {
            var exchange = _owed.Take();
            isWaitedFor = exchange is { Waited: true };
            return exchange;
        }
    }

    /// <summary>Has those who wait look again: an answer was given.</summary>
    public void LookAgain()
    {
        lock (_sync)
        {
            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Whether a sender waits for an answer.</summary>
    public bool Owes(SendWindow owner)
    {
        lock (_sync)
        {
            return _owed.AreWaitedForBy(owner);
        }
    }

    /// <summary>Leaves a sender's answers that are still owed to whoever receives what nobody waits for.</summary>
    public void Disown(SendWindow owner)
    {
        lock (_sync)
        {
            _owed.Disown(owner);
        }
    }

    /// <summary>Keeps a message nobody waited for; false when that is more than is to be kept.</summary>
    public bool Keep(Unread message)
    {
        lock (_sync)
        {
            if (!_inbox.Add(message))
            {
                return false;
            }

            WakeListeners();
            return true;
        }
    }

    /// <summary>Takes the oldest message nobody waited for; null when there is none.</summary>
    public Unread? TakeUnread()
    {
        lock (_sync)
        {
            return _inbox.Take();
        }
    }

    /// <summary>Takes the oldest message nobody waited for, or has a listener woken when there is one; false when neither can be.</summary>
    public bool TakeOrListen(Waker listener, out Unread? message)
    {
        lock (_sync)
        {
            message = _inbox.Take();
            if (message is null && IsOpen)
            {
                _listeners.Add(listener);
            }

            return message is not null || IsOpen;
        }
    }

    public void StopListening(Waker listener)
    {
        lock (_sync)
        {
            _listeners.Remove(listener);
        }
    }

    /// <summary>Wakes one who waits for bytes or for the turn to read.</summary>
    public void Wake(Waker waker)
    {
        waker.Wake();
        LookAgain();
    }

    /// <summary>
    /// Takes the turn to read, when it is free; false when there is no need for it any more: the exchange is done, the
    /// other task is, the session has ended or the time passed.
    /// </summary>
    public bool BeginReading(Exchange? exchange, Task? other, Deadline deadline)
    {
        lock (_sync)
        {
            while (exchange is not { IsDone: true })
            {
                if (!_isRead)
                {
                    return _isRead = IsOpen;
                }

                var left = deadline.Milliseconds;
                if (left == 0 || other is { IsCompleted: true })
                {
                    return false;
                }

                Monitor.Wait(_sync, left);
            }

            return false;
        }
    }

    /// <summary>Takes the turn to read if that is free now.</summary>
    public bool TryBeginReading() => BeginReading(null, Task.CompletedTask, Deadline.Never);

    /// <summary>Gives the turn to read to the next.</summary>
    public void EndReading()
    {
        lock (_sync)
        {
            _isRead = false;
            if (!IsOpen)
            {
                source.Release();
            }

            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Ends the session, if it has not ended already, and the connection at once: whoever is owed something is told.</summary>
    public void End(SessionEnd end)
    {
        lock (_sync)
        {
            if (!IsOpen)
            {
                return;
            }

            SetEnded(end);
        }

        channel.Close(reset: false);
    }

    /// <summary>Ends the session, and leaves the connection to the caller; false when it has ended already.</summary>
    /// <param name="end">How it ends.</param>
    /// <param name="owes">Whether answers are on their way still.</param>
    /// <param name="reads">Whether the last turn to read is the caller's: who had it else gives up as the channel closes.</param>
    public bool TryEnd(SessionEnd end, out bool owes, out bool reads)
    {
        lock (_sync)
        {
            owes = _owed.Any;
            reads = IsOpen && !_isRead;
            if (!IsOpen)
            {
                return false;
            }

            _isRead = true;
            SetEnded(end);
            return true;
        }
    }

    private void SetEnded(SessionEnd end)
    {
        _ended = end;
        if (_owed.Any)
        {
            _owed.Fail(end.News);
        }

        if (!_isRead)
        {
            source.Release();
        }

        WakeListeners();
    }

    private void WakeListeners()
    {
        foreach (var listener in _listeners)
        {
            listener.Wake();
        }

        Monitor.PulseAll(_sync);
    }
}
