using PSSocketTools.Client;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>
/// One sender's messages in flight: at most as many as the window's size, with their responses in order. Small messages that
/// are sent together go out in one write.
/// </summary>
/// <remarks>For one thread. A timer flushes the batch when the sender pauses.</remarks>
public sealed class SendWindow : IDisposable
{
    /// <summary>The default and the range of how many messages may be in flight.</summary>
    public const int DefaultSize = 1, LowestSize = 1, HighestSize = 65536;

    /// <summary>The size in bytes at which a batch is sent.</summary>
    private const int BatchBytes = 16384;

    // A busy sender adds its next message much sooner than this, and a person does not notice the delay.
    private const int FlushMilliseconds = 5;

    private readonly SessionContext _session;
    private readonly SessionSender _sender;
    private readonly SessionReceiver _receiver;
    private readonly int _size;
    private readonly TimeSpan _responseTimeout;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _registration;
    private readonly Timer? _timer;

    /// <summary>Messages without a response yet, in order; the last ones may still be in the batch.</summary>
    private readonly Queue<Exchange> _unanswered = new();
    private readonly List<Exchange> _batch = [];
    private byte[] _buffer = new byte[512];
    private int _count;

    /// <summary>Opens a window.</summary>
    /// <param name="session">The session to send through.</param>
    /// <param name="size">How many messages may be in flight.</param>
    /// <param name="responseTimeout">The time limit for a response; null: the session's; zero: none.</param>
    /// <param name="cancellationToken">Cancels every wait, and faults the session when requests are pending.</param>
    /// <exception cref="SocketToolsException">InvalidOption: only one message at a time can be in flight under this framing.</exception>
    public SendWindow(EchoSession session, int size, TimeSpan? responseTimeout, CancellationToken cancellationToken)
    {
        _session = session.Context;
        if (size > 1 && _session.EndsByPause)
        {
            throw new SocketToolsException(
                SocketToolsError.InvalidOption, Messages.Get("WindowNeedsFraming", _session.Options.Framing), session);
        }

        _sender = session.Sender;
        _receiver = session.Receiver;
        _size = size;
        Response = session.ToOptions().Response;
        _responseTimeout = responseTimeout ?? _session.Options.ResponseTimeout;
        _cancellationToken = cancellationToken;
        if (size > 1)
        {
            _timer = new Timer(state => ((SendWindow)state!).FlushLate(), this, Timeout.Infinite, Timeout.Infinite);
        }

        _registration = cancellationToken.Register(state => ((SendWindow)state!).Interrupt(), this);
    }

    /// <summary>What becomes of the responses: as the session has it, unless this is set. Those that are awaited are taken from this window.</summary>
    public ResponseHandling Response { get; init; }

    /// <summary>Adds a message, and sends the batch when the window or the batch is full. Blocks only while sending.</summary>
    /// <param name="message">A string or a byte array.</param>
    /// <param name="asBytes">Whether to return the response as bytes.</param>
    /// <returns>The exchange, which gets a result or an error later.</returns>
    /// <exception cref="SocketToolsException">The framing can't carry the message, and nothing was sent.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Exchange Add(object message, bool asBytes)
    {
        var waited = Response == ResponseHandling.Awaited;
        lock (_batch)
        {
            var start = _count;
            var prefix = _session.Writer.Terminator == Terminator.LengthPrefix ? FrameReader.PrefixLength : 0;
            var body = Encode(message, start + prefix);
            _sender.Require(_buffer, start + prefix, body, message);

            if (prefix > 0)
            {
                FrameWriter.WritePrefix(_buffer, start, body);
            }

            var tail = _session.Writer.Tail(_session.Writer.Terminator);
            Buffer.BlockCopy(tail, 0, _buffer, start + prefix + body, tail.Length);
            _count = start + prefix + body + tail.Length;

            var exchange = new Exchange(this, message, _count - start, asBytes, Response);
            _batch.Add(exchange);
            if (waited)
            {
                _unanswered.Enqueue(exchange);
            }

            if (_timer is null || !waited || _unanswered.Count >= _size || _count >= BatchBytes || _session.IsDatagrams)
            {
                Flush();
            }
            else if (_batch.Count == 1)
            {
                _timer.Change(FlushMilliseconds, Timeout.Infinite);
            }

            return exchange;
        }
    }

    /// <summary>Sends the batch.</summary>
    public void Flush()
    {
        lock (_batch)
        {
            if (_batch.Count == 0)
            {
                return;
            }

            try
            {
                _sender.Transmit(_buffer, _count, _batch, _responseTimeout, _cancellationToken);
            }
            finally
            {
                _batch.Clear();
                _count = 0;
                if (_buffer.Length > 4 * BatchBytes)
                {
                    _buffer = new byte[BatchBytes];
                }
            }
        }
    }

    /// <summary>Whether the window is full, so that a response has to be taken before another message is added.</summary>
    public bool IsFull => _unanswered.Count >= _size;

    /// <summary>Removes the oldest exchange if it is done.</summary>
    /// <param name="exchange">The exchange, with its result or error.</param>
    public bool TryTake(out Exchange exchange)
    {
        if (_unanswered.Count > 0 && _unanswered.Peek().IsDone)
        {
            exchange = _unanswered.Dequeue();
            return true;
        }

        exchange = null!;
        return false;
    }

    /// <summary>Waits some time for the oldest exchange, and removes it if it is done. The session stays open where it is not, and the response may still come.</summary>
    /// <param name="wait">How long to wait, to the millisecond; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="exchange">The exchange, with its result or error.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled, and the session is faulted.</exception>
    public bool TryTake(TimeSpan wait, out Exchange exchange)
    {
        if (_unanswered.Count > 0 && !_unanswered.Peek().IsDone)
        {
            Flush();
            _receiver.Await(_unanswered.Peek(), Deadline.AfterMilliseconds((int)wait.TotalMilliseconds));
            _cancellationToken.ThrowIfCancellationRequested();
        }

        return TryTake(out exchange);
    }

    /// <summary>
    /// Ends the wait for what is in flight: its responses arrive as unsolicited messages. Removes the oldest exchange if its response
    /// was faster than that.
    /// </summary>
    /// <param name="exchange">The exchange, with its result or error.</param>
    public bool TakeOrAbandon(out Exchange exchange)
    {
        Flush();
        _sender.Abandon(this);
        if (_unanswered.Count == 0 || !_unanswered.Peek().IsAwaited)
        {
            exchange = null!;
            return false;
        }

        if (_unanswered.Peek() is { IsAnswered: true } oldest)
        {
            // Another reader received the response before this window gave it up, and delivers it here.
            _receiver.AwaitDelivery(oldest);
        }

        return TryTake(out exchange);
    }

    /// <summary>Waits for the oldest exchange to be done, and removes it; false when none is left.</summary>
    /// <param name="exchange">The exchange, with its result or error.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled, and the session is faulted.</exception>
    public bool Take(out Exchange exchange)
    {
        if (_unanswered.Count == 0)
        {
            exchange = null!;
            return false;
        }

        if (!_unanswered.Peek().IsDone)
        {
            Flush();
            var oldest = _unanswered.Peek();
            _receiver.Await(oldest, new ResponseLimit(oldest.StartedAt, _responseTimeout));
            _cancellationToken.ThrowIfCancellationRequested();
        }

        return TryTake(out exchange);
    }

    /// <summary>Lets responses that are still pending arrive as unsolicited messages; a batch that was not sent is dropped.</summary>
    public void Dispose()
    {
        _registration.Dispose();
        _timer?.Dispose();
        lock (_batch)
        {
            _batch.Clear();
        }

        // A sender that stops early leaves responses that nobody takes from this window.
        if (_unanswered.Count > 0)
        {
            _sender.Abandon(this);
        }
    }

    private void Interrupt() => _sender.Interrupt(this);

    private void FlushLate()
    {
        try
        {
            Flush();
        }
        catch (OperationCanceledException)
        {
            // The sender's next call throws for the same token, where a caller can catch it.
        }
    }

    private int Encode(object message, int at)
    {
        // The buffer keeps room for a prefix before the message and for what ends it.
        const int Tail = MessageDelimiter.HighestBytes;
        if (message is string text)
        {
            var encoding = _session.Encoding;
            var most = text.Length <= BatchBytes / 4 ? encoding.GetMaxByteCount(text.Length) : encoding.GetByteCount(text);
            EnsureRoom(at + most + Tail);
            return encoding.GetBytes(text, 0, text.Length, _buffer, at);
        }

        var bytes = (byte[])message;
        EnsureRoom(at + bytes.Length + Tail);
        Buffer.BlockCopy(bytes, 0, _buffer, at, bytes.Length);
        return bytes.Length;
    }

    private void EnsureRoom(int needed)
    {
        if (_buffer.Length < needed)
        {
            Array.Resize(ref _buffer, Math.Max(needed, Math.Min(2 * _buffer.Length, 2 * BatchBytes)));
        }
    }
}
