using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// The shared state of the threads that use a session, under one lock: pending requests, unsolicited messages, which thread
/// reads, and how the session ended.
/// </summary>
internal sealed class SharedSessionState(SessionContext session, BlockingChannel channel, MessageReader messageReader, long inboxLimit)
{
    /// <summary>Pulsed when a reader is finished, a response arrives or the session ends.</summary>
    private readonly object _sync = new();
    private readonly PendingRequests _pending = new();
    private readonly Inbox _inbox = new(inboxLimit);
    private readonly List<Waker> _listeners = [];
    private bool _hasReader;
    private volatile bool _isSendClosed;
    private volatile SessionEnd? _ended;

    /// <summary>How the session ended; null while it is open.</summary>
    public SessionEnd? Ended => _ended;

    public bool IsOpen => _ended is null;

    /// <summary>Whether this side has ended what it sends.</summary>
    public bool IsSendClosed
    {
        get => _isSendClosed;
        set => _isSendClosed = value;
    }

    /// <summary>The size in bytes of the pending requests.</summary>
    public long PendingBytes => _pending.Bytes;

    /// <summary>The newest pending request; null when there is none.</summary>
    public Exchange? LastPending
    {
        get
        {
            lock (_sync)
            {
                return _pending.Last;
            }
        }
    }

    /// <summary>Makes pending those of a batch that have a response; false when the session has ended.</summary>
    public bool TryAddPending(List<Exchange> batch)
    {
        var timestamp = DateTimeOffset.UtcNow;
        lock (_sync)
        {
            if (!IsOpen)
            {
                return false;
            }

            // Where only a pause ends a response, the responses to several requests arrive as one.
            var joins = session.EndsByPause && _pending.Any;
            var startedAt = Clock.System.Timestamp;
            foreach (var exchange in batch)
            {
                exchange.Start(timestamp, startedAt);
                if (exchange.ExpectsResponse)
                {
                    _pending.Add(exchange, joins);
                }
            }

            return true;
        }
    }

    /// <summary>How many of the oldest pending requests have no sender that waits: the next response that is awaited follows theirs.</summary>
    public int CountUnawaited()
    {
        lock (_sync)
        {
            return _pending.CountUnawaited();
        }
    }

    /// <summary>Removes the oldest pending request; null when there is none.</summary>
    /// <param name="isWaitedFor">Whether its sender still waits for the response.</param>
    public Exchange? TakePending(out bool isWaitedFor)
    {
        lock (_sync)
        {
            var exchange = _pending.Take();
            isWaitedFor = exchange is { IsAwaited: true };
            return exchange;
        }
    }

    /// <summary>Wakes callers that wait for the reader, since a response was delivered.</summary>
    public void PulseWaiters()
    {
        lock (_sync)
        {
            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Whether a sender waits for a response.</summary>
    public bool HasPending(object owner)
    {
        lock (_sync)
        {
            return _pending.AnyAwaitedBy(owner);
        }
    }

    /// <summary>Lets the responses to a sender's pending requests arrive as unsolicited messages.</summary>
    public void Abandon(object owner)
    {
        lock (_sync)
        {
            _pending.Abandon(owner);
        }
    }

    /// <summary>Keeps an unsolicited message; false when the limit is exceeded.</summary>
    public bool Keep(InboxMessage message)
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

    /// <summary>Removes the oldest unsolicited message; null when there is none.</summary>
    public InboxMessage? TakeFromInbox()
    {
        lock (_sync)
        {
            return _inbox.Take();
        }
    }

    /// <summary>Removes the oldest unsolicited message, or registers a listener that the next one wakes; false when the session has ended.</summary>
    public bool TakeOrListen(Waker listener, out InboxMessage? message)
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

    /// <summary>Wakes a caller that waits for data or for its turn to read.</summary>
    public void Wake(Waker waker)
    {
        waker.Wake();
        PulseWaiters();
    }

    /// <summary>
    /// Waits to become the reader, which the caller is until it disposes of its turn; there is none when there is no need any more: the
    /// exchange is done, the other task is completed, the session has ended or the time passed.
    /// </summary>
    public ReadingTurn BeginReading(Exchange? exchange, Task? other, Deadline deadline)
    {
        lock (_sync)
        {
            while (exchange is not { IsDone: true })
            {
                if (!_hasReader)
                {
                    _hasReader = IsOpen;
                    return new ReadingTurn(_hasReader ? this : null);
                }

                var left = deadline.Milliseconds;
                if (left == 0 || other is { IsCompleted: true })
                {
                    break;
                }

                Monitor.Wait(_sync, left);
            }

            return default;
        }
    }

    /// <summary>Becomes the reader if there is none.</summary>
    public ReadingTurn TryBeginReading() => BeginReading(null, Task.CompletedTask, Deadline.Never);

    /// <summary>Lets another caller read.</summary>
    public void EndReading()
    {
        lock (_sync)
        {
            _hasReader = false;
            if (!IsOpen)
            {
                messageReader.Release();
            }

            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Ends the session, if it has not ended already, fails what is pending and closes the connection.</summary>
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
    /// <param name="hasPending">Whether requests were pending.</param>
    /// <param name="isReader">Whether the caller is now the reader; if not, the reader ends when the channel is closed.</param>
    public bool TryEnd(SessionEnd end, out bool hasPending, out bool isReader)
    {
        lock (_sync)
        {
            hasPending = _pending.Any;
            isReader = IsOpen && !_hasReader;
            if (!IsOpen)
            {
                return false;
            }

            _hasReader = true;
            SetEnded(end);
            return true;
        }
    }

    private void SetEnded(SessionEnd end)
    {
        _ended = end;
        if (_pending.Any)
        {
            _pending.Fail(end.FirstError);
        }

        if (!_hasReader)
        {
            messageReader.Release();
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

    /// <summary>A caller's turn to read, if it got one; its disposal lets another caller read.</summary>
    internal readonly struct ReadingTurn(SharedSessionState? shared) : IDisposable
    {
        public bool IsReader => shared is not null;

        public void Dispose() => shared?.EndReading();
    }
}
