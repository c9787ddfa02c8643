using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Client;

/// <summary>
/// Assembles messages from what a channel receives. For one thread at a time, which reads, calls <see cref="TryTake"/> until it
/// is false, and reads again.
/// </summary>
internal sealed class MessageReader(SessionContext session, BlockingChannel channel)
{
    // The time to wait for the FIN that follows an alert.
    private const int AlertEndMilliseconds = 2000;

    private readonly FrameReader? _reader = session.IsDatagrams
        ? null
        : new FrameReader(session.Options.Framing, session.Options.MaxMessageBytes, session.Encoding, joinsReceives: true, session.Options.Delimiter);

    private byte[]? _input;
    private int _datagram = BlockingChannel.NoData;
    private bool _isRestDue;
    private long _bytesReceived;

    /// <summary>Whether a message has begun that has not ended yet.</summary>
    public bool HasBegun => _reader is { PendingBytes: > 0 };

    /// <summary>How many bytes have been received of a message that is not whole yet.</summary>
    public int PendingBytes => _reader?.PendingBytes ?? 0;

    /// <summary>Whether a message has begun that a pause would end.</summary>
    public bool AwaitsPause => session.EndsByPause && HasBegun;

    /// <summary>Whether the server has sent its FIN; a last message may still be taken.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Bytes received, framing included, TLS not.</summary>
    public long BytesReceived => Interlocked.Read(ref _bytesReceived);

    private byte[] Input => _input ??= new byte[channel.ReadSize];

    /// <summary>Reads without waiting; false when nothing has arrived.</summary>
    public bool TryRead()
    {
        var received = channel.TryRead(Input);
        if (received == BlockingChannel.NoData)
        {
            return false;
        }

        Add(received);
        return true;
    }

    /// <summary>Waits for data and reads it.</summary>
    public void Read(Deadline deadline) => Add(channel.Read(Input, deadline));

    /// <summary>Reads without waiting and discards the data; false when nothing has arrived.</summary>
    public bool TryDiscard() => channel.TryRead(Input) >= 0;

    /// <summary>Waits for more data; false when the gap that ends a message has passed or the waker was used first.</summary>
    public bool WaitForMore(Waker? waker) =>
        channel.WaitReadable(Deadline.AfterMilliseconds(session.Options.IdleGapMilliseconds), waker)
        || (waker is not { IsWoken: true } && _reader is { EndsMidCharacter: true } && channel.WaitReadable(Deadline.AfterMilliseconds(FrameReader.MidCharacterWaitMilliseconds), waker));

    /// <summary>Ends the message that has begun.</summary>
    public void EndMessage() => _isRestDue = true;

    /// <summary>Takes the next whole message from the data that was read.</summary>
    /// <exception cref="FramingException">The framing is broken, or the message exceeds the limit.</exception>
    public bool TryTake(out Frame frame)
    {
        if (_reader is null)
        {
            frame = _datagram >= 0 ? new Frame(Input, 0, _datagram, Terminator.None, complete: true) : default;
            var received = _datagram >= 0;
            _datagram = BlockingChannel.NoData;
            return received;
        }

        if (_isRestDue)
        {
            _isRestDue = false;
            return _reader.TryReadRest(complete: session.EndsByPause, out frame);
        }

        return _reader.TryRead(out frame);
    }

    /// <summary>Releases the buffers when there is no reader any more.</summary>
    public void Release()
    {
        _reader?.Dispose();
        _input = null;
    }

    private void Add(int received)
    {
        if (received == BlockingChannel.EndOfStream)
        {
            HasEnded = true;
            EndMessage();
            return;
        }

        var isAlert = IsTlsAlert(received);
        Interlocked.Add(ref _bytesReceived, received);
        if (_reader is null)
        {
            _datagram = received;
            return;
        }

        _reader.Feed(Input, 0, received);
        _ = _reader.TrySkipLateLineFeed();

        // The same bytes may be an echo, so they count as an alert only when a FIN follows.
        if (isAlert && channel.WaitReadable(Deadline.AfterMilliseconds(AlertEndMilliseconds), null))
        {
            // The frame reader still refers to the buffer, so the next read needs another.
            _input = null;
            received = channel.TryRead(Input);
            if (received == BlockingChannel.EndOfStream)
            {
                throw new FramingException(SocketToolsError.TlsFailed, Messages.Get("ServerSpeaksTls", session.EndPointName));
            }

            if (received > 0)
            {
                Interlocked.Add(ref _bytesReceived, received);
                _reader.Feed(Input, 0, received);
            }
        }
    }

    /// <summary>Whether all data received is a TLS server's alert to a client that does not speak TLS.</summary>
    private bool IsTlsAlert(int received) =>
        _reader is not null && !session.Options.UseTls && BytesReceived == 0 && TlsAlerts.IsAlert(Input, received);
}
