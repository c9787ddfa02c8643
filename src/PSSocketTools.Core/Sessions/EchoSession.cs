using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Resources;
using PSSocketTools.Sessions;

namespace PSSocketTools;

/// <summary>
/// A conversation with a server: messages go out, answers come back and are given to who asked. Safe to use from
/// several threads: messages are never interleaved, and answers are paired in the order in which messages were sent.
/// </summary>
/// <remarks>
/// No thread belongs to a session. Whoever waits for an answer reads, and completes on the way what others are owed:
/// the order of the queue of owed answers is the order on the wire.
/// </remarks>
public sealed class EchoSession : IDisposable
{
    /// <summary>
    /// What may be on its way, both ways, without anyone reading: no system gives a connection less room. A server that
    /// stops reading while it owes can't block a writer who keeps to it.
    /// </summary>
    private const int UnreadBytes = 16384;

    // What an unread message costs beside its bytes, so that many small ones are bounded too.
    private const int UnreadOverhead = 64;

    // Room for unread messages, where the longest message's own limit is smaller.
    private const long MinInboxBytes = 64 * 1024 * 1024;

    // How long a close waits for answers on their way to nobody, so that the server sees an end and not a reset.
    private static readonly TimeSpan CloseTime = TimeSpan.FromMilliseconds(500);

    private readonly SessionOptions _options;
    private readonly Channel _channel;
    private readonly FrameReader? _reader;
    private readonly string _endPoint;
    private readonly SemaphoreSlim _sendGate = new(1, 1);

    /// <summary>Guards all that follows; pulsed when a reader leaves, an answer comes or the session ends.</summary>
    private readonly object _sync = new();
    private readonly Queue<Exchange> _owed = new();
    private readonly Queue<Unread> _inbox = new();
    private readonly List<Waker> _listeners = [];
    private long _owedBytes;
    private long _inboxBytes;
    private bool _reading;
    private volatile EchoSessionState _state;
    private SessionEndReason _reason;
    private SocketToolsException? _endError;

    /// <summary>Only for the one who is reading: bytes come in, and whether the message they begin was begun before it was asked for.</summary>
    private byte[]? _input;
    private bool _begunUnasked;

    private long _messagesSent;
    private long _messagesReceived;
    private long _bytesSent;
    private long _bytesReceived;

    private EchoSession(SessionOptions options, Channel channel, TimeSpan connectTime)
    {
        _options = options;
        _channel = channel;
        _endPoint = options.EndPointName;
        if (options.Protocol != SocketProtocol.Udp)
        {
            _reader = new FrameReader(options.Framing, options.MaxMessageBytes, gathers: true);
        }

        ConnectTime = connectTime;
        ConnectedAt = DateTimeOffset.Now;
        LocalEndPoint = EndPointText.Of(channel.Socket.LocalEndPoint);
        RemoteEndPoint = EndPointText.Of(channel.Socket.RemoteEndPoint);
        TlsProtocol = (channel as TlsChannel)?.TlsProtocol.ToString();
        channel.Socket.SendTimeout = Math.Max(0, Deadline.After(options.ResponseTimeout).Milliseconds);
    }

    /// <summary>The session's number.</summary>
    public int Id => _options.Id;

    /// <summary>The session's name.</summary>
    public string Name => _options.Name;

    /// <summary>The server's name, as the session was given it.</summary>
    public string ComputerName => _options.ComputerName;

    /// <summary>The server's port; 0 for a Unix socket.</summary>
    public int Port => _options.Protocol == SocketProtocol.Unix ? 0 : _options.Port;

    /// <summary>What carries the bytes.</summary>
    public string Protocol => _options.Protocol.ToString();

    /// <summary>This side's address and port.</summary>
    public string LocalEndPoint { get; }

    /// <summary>The server's address and port, or its socket's path.</summary>
    public string RemoteEndPoint { get; }

    /// <summary>Whether it can still be spoken through. Reading it notices a server that has closed.</summary>
    public string State
    {
        get
        {
            Notice();
            return _state.ToString();
        }
    }

    /// <summary>Why it ended: ClientClosed, ServerClosed, Reset, ResponseTimeout and so on; null while it is open.</summary>
    public string? Reason
    {
        get
        {
            Notice();
            return _state == EchoSessionState.Open ? null : _reason.ToString();
        }
    }

    /// <summary>Where messages end.</summary>
    public string Framing => _options.Framing.ToString();

    /// <summary>The encoding's name, as IANA registered it.</summary>
    public string Encoding => _options.Encoding.WebName;

    /// <summary>Whether the bytes go through TLS.</summary>
    public bool IsEncrypted => _options.UseTls;

    /// <summary>The TLS version agreed on: Tls12 or Tls13; null without TLS.</summary>
    public string? TlsProtocol { get; }

    /// <summary>When the connection was there.</summary>
    public DateTimeOffset ConnectedAt { get; }

    /// <summary>What resolving, connecting and the TLS handshake took.</summary>
    public TimeSpan ConnectTime { get; }

    /// <summary>Messages sent.</summary>
    public long MessagesSent => Interlocked.Read(ref _messagesSent);

    /// <summary>Messages received, asked for or not.</summary>
    public long MessagesReceived => Interlocked.Read(ref _messagesReceived);

    /// <summary>Bytes sent, framing included, TLS not.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Bytes received, framing included, TLS not.</summary>
    public long BytesReceived => Interlocked.Read(ref _bytesReceived);

    /// <summary>How long an answer is waited for where nothing else is said.</summary>
    internal TimeSpan ResponseTimeout => _options.ResponseTimeout;

    /// <summary>Whether only a pause tells where an answer ends, so that one at a time can be owed.</summary>
    internal bool EndsByPause => _reader is not null && _options.Framing is MessageFraming.None or MessageFraming.Auto;

    internal Terminator ClientTerminator => _reader is null ? Terminator.None : FrameWriter.ClientTerminator(_options.Framing);

    /// <summary>The state as it is known, without looking.</summary>
    internal bool IsOpen => _state == EchoSessionState.Open;

    /// <summary>Whether one write is one message, on its own.</summary>
    internal bool IsDatagrams => _reader is null;

    internal Encoding TextEncoding => _options.Encoding;

    /// <summary>Connects.</summary>
    /// <param name="options">Where to, and how to speak.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketToolsException">InvalidOption, NameNotFound, ConnectionRefused, ConnectTimeout, Unreachable, TlsFailed and their like.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EchoSession Connect(SessionOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        var clock = Stopwatch.StartNew();
        var channel = Connector.Connect(options, cancellationToken);
        try
        {
            return new EchoSession(options, channel, clock.Elapsed);
        }
        catch (SocketException exception)
        {
            // The server can be gone before the endpoints are asked for.
            channel.Dispose();
            throw SocketErrors.Connecting(exception, options.EndPointName);
        }
    }

    /// <summary>Sends text and waits for the answer as text.</summary>
    /// <param name="message">What the framing can carry.</param>
    /// <param name="cancellationToken">Ends the wait, and faults the session when an answer was owed.</param>
    /// <exception cref="SocketToolsException">MessageNotCarried, MessageTooLarge, ResponseTimeout, ServerClosed, ConnectionReset, SessionClosed, SessionFaulted, InvalidMessage.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public SocketMessage Send(string message, CancellationToken cancellationToken = default) =>
        Send(message, asBytes: false, cancellationToken);

    /// <summary>Sends bytes and waits for the answer as bytes.</summary>
    /// <inheritdoc cref="Send(string, CancellationToken)"/>
    public SocketMessage Send(byte[] message, CancellationToken cancellationToken = default) =>
        Send(message, asBytes: true, cancellationToken);

    /// <summary>Takes the oldest message nobody was waiting for: a greeting, or the answer to a message that was not waited for.</summary>
    /// <param name="timeout">How long to wait for one; null: what the session says for answers; zero: no end.</param>
    /// <param name="asBytes">Whether to give it as bytes.</param>
    /// <param name="cancellationToken">Ends the wait; the session stays as it is.</param>
    /// <exception cref="SocketToolsException">WaitTimeout, ServerClosed, ConnectionReset, SessionClosed, SessionFaulted.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public SocketMessage Receive(TimeSpan? timeout = null, bool asBytes = false, CancellationToken cancellationToken = default)
    {
        var time = timeout ?? ResponseTimeout;
        return Receive(Deadline.After(time), asBytes, cancellationToken)
            ?? throw Error(SocketToolsError.WaitTimeout, "ReceiveTimeout", _endPoint, time.TotalSeconds);
    }

    /// <summary>Takes what is there now of messages nobody was waiting for; null when there is none.</summary>
    /// <param name="asBytes">Whether to give it as bytes.</param>
    public SocketMessage? TryReceive(bool asBytes = false)
    {
        if (TakeUnread(asBytes) is { } unread)
        {
            return unread;
        }

        if (BecomeReader(null, Task.CompletedTask, Deadline.Never))
        {
            try
            {
                ReadAvailable(Pause.Awaited, null);
            }
            finally
            {
                LeaveReading();
            }
        }

        return TakeUnread(asBytes);
    }

    /// <summary>Ends the conversation.</summary>
    /// <param name="reset">Whether to throw the connection away (RST) instead of ending it in order (FIN).</param>
    public void Close(bool reset = false)
    {
        bool owes;
        bool reads;
        lock (_sync)
        {
            if (_state != EchoSessionState.Open)
            {
                return;
            }

            owes = _owed.Count > 0;
            // Someone who reads gives up as the channel closes; else the last reads are ours.
            reads = !_reading;
            _reading = true;
            End(EchoSessionState.Closed, SessionEndReason.ClientClosed, null);
        }

        if (reads && !reset)
        {
            Finish(owes);
        }

        _channel.Close(reset);
        if (reads)
        {
            LeaveReading();
        }
    }

    /// <summary>Ends the conversation in order.</summary>
    public void Dispose() => Close();

    /// <summary>The options it was connected with.</summary>
    public SessionOptions ToOptions() => _options;

    /// <inheritdoc/>
    public override string ToString() => Name.Length > 0 ? Name : _endPoint;

    /// <summary>Refuses what can't be sent.</summary>
    internal void Require(byte[] buffer, int offset, int count, object message)
    {
        if (_reader is not null)
        {
            FrameWriter.Require(_options.Framing, buffer, offset, count, _options.MaxMessageBytes, message);
        }
        else if (count > SessionOptions.MaxDatagramBytes)
        {
            throw new SocketToolsException(
                SocketToolsError.MessageTooLarge, Messages.Get("DatagramTooLarge", count, SessionOptions.MaxDatagramBytes), message);
        }
    }

    /// <summary>Sends messages, and has their answers owed. What goes wrong is theirs to tell: it fails them, and is not thrown.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before anything was sent.</exception>
    internal void Transmit(byte[] buffer, int count, List<Exchange> batch, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var deadline = Deadline.After(timeout);
        if (!_sendGate.Wait(deadline.Milliseconds, cancellationToken))
        {
            Fail(batch, Error(SocketToolsError.ResponseTimeout, "SendTimeout", _endPoint, timeout.TotalSeconds));
            return;
        }

        try
        {
            if (_state != EchoSessionState.Open)
            {
                Fail(batch, NotOpen());
                return;
            }

            ReadAhead(batch[0].Waited, deadline, timeout);
            if (!Owe(batch))
            {
                // What has just been noticed is news, and told as it is.
                Fail(batch, _endError ?? NotOpen());
                return;
            }

            if (cancellationToken.IsCancellationRequested)
            {
                // The window's own registration may have looked before anything was owed.
                Interrupt(batch[0].Owner);
                return;
            }

            if (_reader is null || Interlocked.Read(ref _owedBytes) <= UnreadBytes)
            {
                _channel.Write(buffer, 0, count);
            }
            else
            {
                WriteWhileReading(buffer, count, deadline, timeout, cancellationToken);
            }

            Interlocked.Add(ref _messagesSent, batch.Count);
            Interlocked.Add(ref _bytesSent, count);
            if (!batch[0].Waited && batch[0].Error is null)
            {
                batch[0].Result = new SocketMessage(
                    this, batch[0].Timestamp, Shape(batch[0].Message, batch[0].AsBytes), count, null, false, 0, TimeSpan.Zero);
            }
        }
        catch (Exception exception) when (IsTransport(exception))
        {
            Break(exception, timeout, deadline);
            Fail(batch.Where(static exchange => !exchange.IsDone), _endError ?? NotOpen());
        }
        finally
        {
            _sendGate.Release();
        }
    }

    /// <summary>Waits until an exchange is done, reading when nobody else does. Leaves it done, one way or the other.</summary>
    internal void Await(Exchange exchange, TimeSpan timeout) =>
        Await(exchange, Deadline.After(exchange.StartedAt, timeout), timeout);

    private void Await(Exchange exchange, Deadline deadline, TimeSpan timeout)
    {
        if (BecomeReader(exchange, null, deadline))
        {
            try
            {
                while (!exchange.IsDone && _state == EchoSessionState.Open)
                {
                    ReadSome(deadline, timeout);
                }
            }
            finally
            {
                LeaveReading();
            }
        }

        if (!exchange.IsDone)
        {
            TimeOut(timeout);
        }

        if (!exchange.IsDone)
        {
            // It ended by itself in the same moment, and took the answer with it.
            exchange.Fail(_endError ?? NotOpen());
        }
    }

    /// <summary>Takes the oldest message nobody was waiting for, when it comes; null when the time passed first.</summary>
    /// <exception cref="SocketToolsException">ServerClosed, ConnectionReset, SessionClosed, SessionFaulted.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    private SocketMessage? Receive(Deadline deadline, bool asBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var waker = new Waker();
            using var registration = cancellationToken.Register(() => Wake(waker));
            lock (_sync)
            {
                if (TakeUnread(asBytes) is { } unread)
                {
                    return unread;
                }

                if (_state != EchoSessionState.Open)
                {
                    throw NotOpen();
                }

                _listeners.Add(waker);
            }

            try
            {
                if (!Listen(deadline, waker))
                {
                    return null;
                }
            }
            catch (Exception exception) when (IsTransport(exception))
            {
                Break(exception, TimeSpan.Zero, Deadline.Never);
            }
            finally
            {
                lock (_sync)
                {
                    _listeners.Remove(waker);
                }
            }
        }
    }

    /// <summary>Gives up on a sender's answers that are still owed; they can't be told from later ones any more.</summary>
    internal void Interrupt(SendWindow owner)
    {
        lock (_sync)
        {
            if (!_owed.Any(exchange => exchange.Owner == owner && exchange.Waited))
            {
                return;
            }
        }

        Fault(SessionEndReason.Interrupted, Error(SocketToolsError.Interrupted, "WaitInterrupted", _endPoint));
    }

    /// <summary>Leaves a sender's answers that are still owed to whoever receives what nobody waits for.</summary>
    internal void Disown(SendWindow owner)
    {
        lock (_sync)
        {
            foreach (var exchange in _owed)
            {
                if (exchange.Owner == owner)
                {
                    exchange.Waited = false;
                }
            }
        }
    }

    private SocketMessage Send(object message, bool asBytes, CancellationToken cancellationToken)
    {
        using var window = new SendWindow(this, 1, ResponseTimeout, cancellationToken);
        window.Add(message, asBytes);
        window.Take(out var exchange);
        return exchange.Error is { } error ? throw error : exchange.Result!;
    }

    /// <summary>Waits for something to come that might be unasked for, and reads it; false when the time passed.</summary>
    private bool Listen(Deadline deadline, Waker waker)
    {
        if (BecomeReader(null, waker.Woken, deadline))
        {
            try
            {
                if (ReadAvailable(Pause.Awaited, waker))
                {
                    return true;
                }
            }
            finally
            {
                LeaveReading();
            }
        }

        // Nobody is kept from reading meanwhile: this waits for a reason to look again, and takes nothing.
        return waker.IsWoken || _state != EchoSessionState.Open
            || _channel.WaitReadable(deadline.Milliseconds, waker) || waker.IsWoken || !deadline.HasPassed;
    }

    /// <summary>Before a message is sent: what came before it is none of its answer.</summary>
    private void ReadAhead(bool waited, Deadline deadline, TimeSpan timeout)
    {
        Exchange? last = null;
        lock (_sync)
        {
            if (_owed.Count > 0)
            {
                if (!EndsByPause || !waited)
                {
                    // What comes is owed, and told apart by its place.
                    return;
                }

                last = _owed.Last();
            }
        }

        if (last is not null)
        {
            Await(last, deadline, timeout);
        }

        if (!BecomeReader(null, null, deadline))
        {
            return;
        }

        try
        {
            ReadAvailable(Pause.Awaited, null);
            _begunUnasked = _reader?.PendingBytes > 0;
        }
        finally
        {
            LeaveReading();
        }
    }

    /// <summary>Notes that answers are owed; false when the session has ended.</summary>
    private bool Owe(List<Exchange> batch)
    {
        var timestamp = DateTimeOffset.Now;
        lock (_sync)
        {
            if (_state != EchoSessionState.Open)
            {
                return false;
            }

            var startedAt = Stopwatch.GetTimestamp();
            // Where only a pause ends an answer, those to messages nobody waits for come as one.
            var joins = EndsByPause && _owed.Count > 0;
            foreach (var exchange in batch)
            {
                exchange.Start(timestamp, startedAt);
                _owedBytes += exchange.BytesSent;
                if (joins)
                {
                    _owed.Peek().JoinedBytes += exchange.BytesSent;
                }
                else
                {
                    _owed.Enqueue(exchange);
                }
            }

            return true;
        }
    }

    /// <summary>Writes on another thread while this one reads, so that a server that stops reading while it owes can't block both.</summary>
    private void WriteWhileReading(byte[] buffer, int count, Deadline deadline, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var waker = new Waker();

        // A message cut off half sent leaves nothing that could be told apart any more.
        using var registration = cancellationToken.Register(
            () => Fault(SessionEndReason.Interrupted, Error(SocketToolsError.Interrupted, "WaitInterrupted", _endPoint)));
        var writing = Task.Run(
        () =>
        {
            try
            {
                _channel.Write(buffer, 0, count);
            }
            finally
            {
                Wake(waker);
            }
        },
        CancellationToken.None);
        while (!waker.IsWoken && _state == EchoSessionState.Open)
        {
            if (BecomeReader(null, waker.Woken, deadline))
            {
                try
                {
                    ReadUntil(waker, deadline, timeout);
                }
                finally
                {
                    LeaveReading();
                }
            }
            else if (deadline.HasPassed)
            {
                TimeOut(timeout);
            }
        }

        writing.GetAwaiter().GetResult();
    }

    private void ReadUntil(Waker waker, Deadline deadline, TimeSpan timeout)
    {
        try
        {
            while (!waker.IsWoken && _state == EchoSessionState.Open)
            {
                if (_channel.WaitReadable(deadline.Milliseconds, waker))
                {
                    ReadAvailable(Pause.Ignored, waker);
                }
                else if (deadline.HasPassed)
                {
                    TimeOut(timeout);
                }
            }
        }
        catch (Exception exception) when (IsTransport(exception))
        {
            Break(exception, timeout, deadline);
        }
    }

    /// <summary>Takes on the reading; false when there is no need for it any more: the exchange is done, the other task is, the session has ended or the time passed.</summary>
    private bool BecomeReader(Exchange? exchange, Task? other, Deadline deadline)
    {
        lock (_sync)
        {
            while (exchange is not { IsDone: true })
            {
                if (!_reading)
                {
                    return _reading = _state == EchoSessionState.Open;
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

    private void LeaveReading()
    {
        lock (_sync)
        {
            _reading = false;
            if (_state != EchoSessionState.Open)
            {
                Release();
            }

            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Reads once, waiting until something comes.</summary>
    private void ReadSome(Deadline deadline, TimeSpan timeout)
    {
        try
        {
            if (EndsByPause && _reader!.PendingBytes > 0 && !_channel.WaitReadable(_options.QuietMilliseconds, null))
            {
                EndByPause();
                return;
            }

            Take(_channel.Read(Input, deadline));
        }
        catch (Exception exception) when (IsTransport(exception))
        {
            Break(exception, timeout, deadline);
        }
    }

    /// <summary>Reads what has come; whether there was anything. An answer that only a pause ends is waited for, if asked.</summary>
    private bool ReadAvailable(Pause pause, Waker? waker)
    {
        var any = false;
        try
        {
            while (_state == EchoSessionState.Open)
            {
                var came = _channel.TryRead(Input);
                if (came != Channel.Nothing)
                {
                    any = true;
                    Take(came);
                    if (pause == Pause.Ignored)
                    {
                        break;
                    }
                }
                else if (pause == Pause.Ignored || !EndsByPause || _reader!.PendingBytes == 0)
                {
                    break;
                }
                else if (!_channel.WaitReadable(_options.QuietMilliseconds, waker))
                {
                    if (waker is not { IsWoken: true })
                    {
                        EndByPause();
                    }

                    break;
                }
            }
        }
        catch (Exception exception) when (IsTransport(exception))
        {
            Break(exception, TimeSpan.Zero, Deadline.Never);
        }

        return any;
    }

    private byte[] Input => _input ??= new byte[_channel.ReadSize];

    private void Take(int came)
    {
        if (came == Channel.End)
        {
            TakeEnd();
            return;
        }

        Interlocked.Add(ref _bytesReceived, came);
        if (_reader is null)
        {
            Deliver(new Frame(Input, 0, came, Terminator.None, complete: true));
            return;
        }

        _reader.Feed(Input, 0, came);
        while (_reader.TryRead(out var frame))
        {
            Deliver(frame);
        }
    }

    private void TakeEnd()
    {
        if (_reader!.TryReadRest(complete: EndsByPause, out var frame))
        {
            Deliver(frame);
        }

        lock (_sync)
        {
            if (_state == EchoSessionState.Open)
            {
                End(EchoSessionState.Closed, SessionEndReason.ServerClosed, Error(SocketToolsError.ServerClosed, "ServerClosed", _endPoint));
            }
        }

        _channel.Close(reset: false);
    }

    private void EndByPause()
    {
        if (_reader!.TryReadRest(complete: true, out var frame))
        {
            Deliver(frame);
        }
    }

    /// <summary>Gives a message to who is owed it, or keeps it for who receives what nobody asked for.</summary>
    private void Deliver(in Frame frame)
    {
        Exchange? exchange = null;
        var waited = false;
        lock (_sync)
        {
            if (_owed.Count > 0 && !_begunUnasked)
            {
                exchange = _owed.Dequeue();
                _owedBytes -= exchange.BytesSent + exchange.JoinedBytes;
                waited = exchange.Waited;
            }
        }

        _begunUnasked = false;
        Interlocked.Increment(ref _messagesReceived);
        var bytes = frame.Count + FrameWriter.Overhead(frame.Terminator);
        var time = exchange is null ? TimeSpan.Zero : Since(exchange.StartedAt);
        if (waited)
        {
            object response = exchange!.AsBytes
                ? Copy(frame)
                : TextEncoding.GetString(frame.Buffer, frame.Offset, frame.Count);
            exchange.Complete(new SocketMessage(
                this, exchange.Timestamp, Shape(exchange.Message, exchange.AsBytes), exchange.BytesSent, response, frame.Complete, bytes, time));
            lock (_sync)
            {
                Monitor.PulseAll(_sync);
            }
        }
        else
        {
            Keep(new Unread(Copy(frame), frame.Complete, bytes, exchange?.Timestamp ?? DateTimeOffset.Now, exchange, time));
            // Whoever waits for it to be read off needs to know only that it was.
            exchange?.Complete();
        }
    }

    private void Keep(Unread unread)
    {
        lock (_sync)
        {
            _inbox.Enqueue(unread);
            _inboxBytes += unread.Bytes.Length + UnreadOverhead;
            if (_inboxBytes <= InboxLimit)
            {
                WakeListeners();
                return;
            }
        }

        Fault(SessionEndReason.MessageTooLarge, Error(SocketToolsError.MessageTooLarge, "InboxFull", _endPoint, InboxLimit));
    }

    private long InboxLimit => Math.Max(MinInboxBytes, _options.MaxMessageBytes);

    private SocketMessage? TakeUnread(bool asBytes)
    {
        lock (_sync)
        {
            if (_inbox.Count == 0)
            {
                return null;
            }

            var unread = _inbox.Dequeue();
            _inboxBytes -= unread.Bytes.Length + UnreadOverhead;
            object response = asBytes ? unread.Bytes : TextEncoding.GetString(unread.Bytes);
            var message = unread.Answers is { } exchange ? Shape(exchange.Message, asBytes) : null;
            return new SocketMessage(
                this, unread.Timestamp, message, unread.Answers?.BytesSent ?? 0, response, unread.Complete, unread.BytesReceived,
                unread.RoundTripTime);
        }
    }

    /// <summary>Looks whether the server has closed, when nobody else is looking.</summary>
    private void Notice()
    {
        if (_state == EchoSessionState.Open && BecomeReader(null, Task.CompletedTask, Deadline.Never))
        {
            try
            {
                ReadAvailable(Pause.Ignored, null);
            }
            finally
            {
                LeaveReading();
            }
        }
    }

    private void Wake(Waker waker)
    {
        waker.Wake();
        lock (_sync)
        {
            Monitor.PulseAll(_sync);
        }
    }

    private void WakeListeners()
    {
        foreach (var listener in _listeners)
        {
            listener.Wake();
        }

        Monitor.PulseAll(_sync);
    }

    /// <summary>Ends the session under the lock: whoever is owed something is told.</summary>
    private void End(EchoSessionState state, SessionEndReason reason, SocketToolsException? error)
    {
        _state = state;
        _reason = reason;
        _endError = error;
        if (_owed.Count > 0)
        {
            Fail(_owed, error ?? NotOpen());
            _owed.Clear();
            _owedBytes = 0;
        }

        if (!_reading)
        {
            Release();
        }

        WakeListeners();
    }

    private void Fault(SessionEndReason reason, SocketToolsException error)
    {
        lock (_sync)
        {
            if (_state != EchoSessionState.Open)
            {
                return;
            }

            End(EchoSessionState.Faulted, reason, error);
        }

        _channel.Close(reset: false);
    }

    private void TimeOut(TimeSpan timeout) => Fault(
        SessionEndReason.ResponseTimeout,
        Error(SocketToolsError.ResponseTimeout, "ResponseTimeout", _endPoint, timeout.TotalSeconds));

    /// <summary>Ends the session for what a read or a write met.</summary>
    private void Break(Exception exception, TimeSpan timeout, Deadline deadline)
    {
        if (exception is FramingException framing)
        {
            var reason = framing.Error == SocketToolsError.MessageTooLarge ? SessionEndReason.MessageTooLarge : SessionEndReason.InvalidMessage;
            Fault(reason, new SocketToolsException(framing.Error, framing.Message, this, framing));
            return;
        }

        var error = exception as SocketException ?? exception.InnerException as SocketException;
        switch (error?.SocketErrorCode)
        {
            // The system's own timeout for a peer that has vanished comes without our deadline.
            case SocketError.TimedOut when deadline.Milliseconds is >= 0 and < 100:
                TimeOut(timeout);
                break;
            case SocketError.ConnectionRefused:
            case SocketError.ConnectionReset when _reader is null:
                Fault(SessionEndReason.Reset, Error(SocketToolsError.ConnectionRefused, exception, "ConnectionRefused", _endPoint));
                break;
            case { } code when SocketErrors.IsReset(code):
                Fault(SessionEndReason.Reset, Error(SocketToolsError.ConnectionReset, exception, "ConnectionReset", _endPoint));
                break;
            default:
                Fault(SessionEndReason.Error, Error(SocketToolsError.SocketFailed, exception, "SocketFailed", _endPoint, exception.Message.TrimEnd('.')));
                break;
        }
    }

    /// <summary>Tells the server that no more comes, and reads what it still sends, so that its side ends in order too.</summary>
    private void Finish(bool owes)
    {
        if (_reader is null)
        {
            return;
        }

        try
        {
            _channel.EndOutput();
            var closing = Deadline.After(CloseTime);
            while (!closing.HasPassed && (!owes || _channel.WaitReadable(closing.Milliseconds, null)) && _channel.TryRead(Input) >= 0)
            {
            }
        }
        catch (Exception exception) when (IsTransport(exception))
        {
            // The server has gone already: there is nothing left to end in order.
        }
    }

    /// <summary>Frees the buffers, under the lock, when nobody reads any more.</summary>
    private void Release()
    {
        _reader?.Dispose();
        _input = null;
    }

    private static bool IsTransport(Exception exception) =>
        exception is SocketException or IOException or ObjectDisposedException or FramingException;

    private static void Fail(IEnumerable<Exchange> exchanges, SocketToolsException error)
    {
        foreach (var exchange in exchanges)
        {
            exchange.Fail(error);
        }
    }

    /// <summary>A message that was sent, in the shape in which it is wanted back.</summary>
    private object Shape(object message, bool asBytes) => message switch
    {
        byte[] bytes when !asBytes => TextEncoding.GetString(bytes),
        string text when asBytes => TextEncoding.GetBytes(text),
        _ => message,
    };

    private static byte[] Copy(in Frame frame)
    {
        var bytes = new byte[frame.Count];
        Buffer.BlockCopy(frame.Buffer, frame.Offset, bytes, 0, frame.Count);
        return bytes;
    }

    private static TimeSpan Since(long timestamp) =>
        TimeSpan.FromTicks(Math.Max(1, (Stopwatch.GetTimestamp() - timestamp) * TimeSpan.TicksPerSecond / Stopwatch.Frequency));

    private SocketToolsException NotOpen() => _state == EchoSessionState.Faulted
        ? new SocketToolsException(SocketToolsError.SessionFaulted, Messages.Get("SessionFaulted", this, _endError!.Message), this, _endError)
        : Error(SocketToolsError.SessionClosed, _reason == SessionEndReason.ServerClosed ? "SessionClosedByServer" : "SessionClosed", this);

    private SocketToolsException Error(SocketToolsError error, string message, params object[] values) =>
        new(error, Messages.Get(message, values), this);

    private SocketToolsException Error(SocketToolsError error, Exception inner, string message, params object[] values) =>
        new(error, Messages.Get(message, values), this, inner);

    /// <summary>What to do about an answer that only a pause can end.</summary>
    private enum Pause
    {
        Ignored,
        Awaited,
    }

    /// <summary>A message nobody waited for.</summary>
    private sealed class Unread(byte[] bytes, bool complete, int bytesReceived, DateTimeOffset timestamp, Exchange? answers, TimeSpan roundTripTime)
    {
        public byte[] Bytes { get; } = bytes;

        public bool Complete { get; } = complete;

        public int BytesReceived { get; } = bytesReceived;

        public DateTimeOffset Timestamp { get; } = timestamp;

        /// <summary>The message it is the answer to, if it was one.</summary>
        public Exchange? Answers { get; } = answers;

        public TimeSpan RoundTripTime { get; } = roundTripTime;
    }
}
