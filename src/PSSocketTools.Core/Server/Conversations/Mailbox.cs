namespace PSSocketTools.Server.Conversations;

/// <summary>
/// What other threads ask of one conversation: messages to send unsolicited, and its end. Its driver sends the messages between two
/// responses.
/// </summary>
internal sealed class Mailbox(ConversationPlan plan) : IDisposable
{
    /// <summary>How many bytes may be pending before a message is rejected; a single message may be longer.</summary>
    public const int MaxPendingBytes = 1024 * 1024;

    // What is queued is sent in parts of this size, so that a client that reads makes room for more.
    private const int PartBytes = 64 * 1024;

    private readonly object _gate = new();
    private IConversationDriver? _driver;
    private OutputBuffer? _queued;
    private OutputBuffer? _sending;

    // An empty buffer is kept, so that the next message needs no new one.
    private OutputBuffer? _spare;
    private int _sentBytes;
    private int _partBytes;
    private TaskCompletionSource<bool>? _ended;
    private volatile bool _hasMessages;
    private bool _isClosed;
    private bool _hasEnded;

    // The end may be asked for before there is a driver, which then gets it: by a reset or in order; null for none.
    private bool? _endByReset;

    /// <summary>Whether messages are queued that the driver has not taken.</summary>
    public bool HasMessages => _hasMessages;

    /// <summary>What was taken from the queue and is being sent; null while nothing is. For the driver alone.</summary>
    public OutputBuffer? Sending => _sending;

    /// <summary>Whether the connection is reset since the client did not read what the others sent.</summary>
    public bool IsTooSlow { get; private set; }

    /// <summary>Completes when the conversation has ended.</summary>
    public Task WhenEnded
    {
        get
        {
            lock (_gate)
            {
                _ended ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_hasEnded)
                {
                    _ended.TrySetResult(true);
                }

                return _ended.Task;
            }
        }
    }

    /// <summary>Queues a message. From any thread.</summary>
    /// <param name="content">The message without its framing.</param>
    /// <param name="pendingBytes">How many bytes were pending before.</param>
    public QueueResult Add(byte[] content, out int pendingBytes)
    {
        lock (_gate)
        {
            pendingBytes = PendingBytes;
            if (_isClosed)
            {
                return QueueResult.Ended;
            }

            if (!HasRoomFor(content.Length))
            {
                return QueueResult.Full;
            }

            plan.AppendUnsolicited(Queue(), content);
            WakeForMessages();
            return QueueResult.Queued;
        }
    }

    /// <summary>
    /// Queues messages of another client. The connection of a client for which too much is pending is reset. From any thread; nothing
    /// happens when the conversation has ended.
    /// </summary>
    /// <param name="messages">Whole messages, framing included.</param>
    public void AddBroadcast(OutputBuffer messages)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            if (HasRoomFor(messages.Count))
            {
                Queue().Append(messages);
                WakeForMessages();
                return;
            }

            IsTooSlow = _isClosed = true;
            RequestEnd(reset: true);
        }
    }

    /// <summary>Has the conversation asked for its next step, if it waits. From any thread.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _driver?.Wake();
        }
    }

    /// <summary>Asks for the end of the conversation. From any thread; after the end nothing happens.</summary>
    public void RequestEnd(bool reset)
    {
        lock (_gate)
        {
            if (_driver is not null)
            {
                _driver.RequestEnd(reset);
            }
            else if (!_hasEnded)
            {
                _endByReset = reset || _endByReset == true;
            }
        }
    }

    /// <summary>Names the driver, before its first step.</summary>
    public void Attach(IConversationDriver driver)
    {
        lock (_gate)
        {
            _driver = driver;
            if (_endByReset is { } reset)
            {
                driver.RequestEnd(reset);
            }
        }
    }

    /// <summary>The next part to send, for the driver: where nothing is being sent, the first of all that is queued.</summary>
    public ArraySegment<byte> NextPart()
    {
        lock (_gate)
        {
            if (_sending is null)
            {
                _hasMessages = false;
                (_sending, _queued) = (_queued, null);
            }

            _partBytes = Math.Min(_sending!.Count - _sentBytes, PartBytes);
            return new ArraySegment<byte>(_sending.Buffer, _sentBytes, _partBytes);
        }
    }

    /// <summary>The part was sent.</summary>
    /// <returns>Whether it was the last.</returns>
    public bool PartSent()
    {
        lock (_gate)
        {
            _sentBytes += _partBytes;
            return _sentBytes == _sending!.Count;
        }
    }

    /// <summary>What was being sent is needed no more.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _sending?.Clear();
            (_spare, _sending) = (_sending ?? _spare, null);
            _sentBytes = 0;
        }
    }

    /// <summary>Takes no more messages, unless some are queued.</summary>
    /// <returns>False when some are.</returns>
    public bool TryClose()
    {
        lock (_gate)
        {
            _isClosed |= !_hasMessages;
            return _isClosed;
        }
    }

    /// <summary>The conversation has ended: what is queued is dropped, and nothing more is asked of the driver.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isClosed = _hasEnded = true;
            _hasMessages = false;
            _driver = null;
            _queued?.Dispose();
            _queued = null;
            _ended?.TrySetResult(true);
        }
    }

    /// <summary>Returns the buffers to the pool, when no operation uses them any more.</summary>
    public void Dispose()
    {
        End();
        Release();
    }

    private int PendingBytes => (_queued?.Count ?? 0) + (_sending?.Count ?? 0) - _sentBytes;

    private bool HasRoomFor(int bytes) => PendingBytes is var pending && (pending == 0 || pending + (long)bytes <= MaxPendingBytes);

    private OutputBuffer Queue()
    {
        if (_queued is null)
        {
            _queued = _spare ?? new OutputBuffer(plan.Writer);
            _spare = null;
        }

        return _queued;
    }

    private void WakeForMessages()
    {
        if (!_hasMessages)
        {
            _hasMessages = true;
            _driver?.Wake();
        }
    }
}
