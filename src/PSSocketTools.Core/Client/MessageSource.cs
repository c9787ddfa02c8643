using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// What comes through a channel, put together to messages. For one thread at a time: reads, then <see cref="TryTake"/> until it is
/// false, reads and so on.
/// </summary>
internal sealed class MessageSource(Channel channel, SessionOptions options)
{
    // How long the end that follows an alert is waited for.
    private const int AlertEndMilliseconds = 2000;

    private readonly FrameReader? _reader = options.Protocol == SocketProtocol.Udp
        ? null
        : new FrameReader(options.Framing, options.MaxMessageBytes, TextEncoding.ReplacingInvalid(options.Encoding), gathers: true);

    private byte[]? _input;
    private int _datagram = Channel.Nothing;
    private bool _isRestDue;
    private long _bytesReceived;

    /// <summary>Whether what comes at once is a message, on its own.</summary>
    public bool IsDatagrams => _reader is null;

    /// <summary>Whether only a pause tells where an answer ends, so that one at a time can be owed.</summary>
    public bool EndsByPause => _reader is { Framing: MessageFraming.None or MessageFraming.Auto };

    /// <summary>Whether a message has begun that has not ended yet.</summary>
    public bool HasBegun => _reader is { PendingBytes: > 0 };

    /// <summary>Whether a message has begun that a pause would end.</summary>
    public bool AwaitsPause => EndsByPause && HasBegun;

    /// <summary>Whether no more comes; there may be a rest to take.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Bytes received, framing included, TLS not.</summary>
    public long BytesReceived => Interlocked.Read(ref _bytesReceived);

    private byte[] Input => _input ??= new byte[channel.ReadSize];

    /// <summary>Reads what has come, without waiting; false when that is nothing.</summary>
    public bool TryRead()
    {
        var came = channel.TryRead(Input);
        if (came == Channel.Nothing)
        {
            return false;
        }

        Add(came);
        return true;
    }

    /// <summary>Reads what comes.</summary>
    public void Read(Deadline deadline) => Add(channel.Read(Input, deadline));

    /// <summary>Reads what has come and forgets it; false when that is nothing.</summary>
    public bool TryDiscard() => channel.TryRead(Input) >= 0;

    /// <summary>Waits until more comes; false when the pause that ends a message has passed or the waker was used first.</summary>
    public bool WaitForMore(Waker? waker) =>
        channel.WaitReadable(options.IdleGapMilliseconds, waker)
        || (waker is not { IsWoken: true } && _reader is { IsCutInside: true } && channel.WaitReadable(FrameReader.RestMilliseconds, waker));

    /// <summary>Takes what has begun for a whole message.</summary>
    public void EndMessage() => _isRestDue = true;

    /// <summary>The next message of what was read.</summary>
    /// <exception cref="FramingException">The framing is broken, or the message exceeds the limit.</exception>
    public bool TryTake(out Frame frame)
    {
        if (_reader is null)
        {
            frame = _datagram >= 0 ? new Frame(Input, 0, _datagram, Terminator.None, complete: true) : default;
            var came = _datagram >= 0;
            _datagram = Channel.Nothing;
            return came;
        }

        if (_isRestDue)
        {
            _isRestDue = false;
            return _reader.TryReadRest(complete: EndsByPause, out frame);
        }

        return _reader.TryRead(out frame);
    }

    /// <summary>Frees the buffers, when nobody reads any more.</summary>
    public void Release()
    {
        _reader?.Dispose();
        _input = null;
    }

    private void Add(int came)
    {
        if (came == Channel.End)
        {
            HasEnded = true;
            EndMessage();
            return;
        }

        var isAlert = IsTlsAlert(came);
        Interlocked.Add(ref _bytesReceived, came);
        if (_reader is null)
        {
            _datagram = came;
            return;
        }

        _reader.Feed(Input, 0, came);
        _ = _reader.TrySkipLateLineFeed();

        // The same bytes may be an echo: they are an alert only where the end comes with them.
        if (isAlert && channel.WaitReadable(AlertEndMilliseconds, null))
        {
            // What was read is lent to the reader, so that this goes elsewhere.
            _input = null;
            came = channel.TryRead(Input);
            if (came == Channel.End)
            {
                throw new FramingException(SocketToolsError.TlsFailed, Messages.Get("ServerSpeaksTls", options.EndPointName));
            }

            if (came > 0)
            {
                Interlocked.Add(ref _bytesReceived, came);
                _reader.Feed(Input, 0, came);
            }
        }
    }

    /// <summary>Whether all that has come is a TLS server's alert to a client that does not speak TLS (RFC 8446, section 6).</summary>
    private bool IsTlsAlert(int came) =>
        _reader is not null && !options.UseTls && BytesReceived == 0
        && came == 7 && Input[0] == 21 && Input[1] == 3 && Input[2] <= 4 && Input[3] == 0 && Input[4] == 2 && Input[5] is 1 or 2;
}
