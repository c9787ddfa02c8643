using System.Net.Sockets;
using PSSocketTools.Client;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools;

/// <summary>
/// A conversation with a server: messages are sent, and each response goes to the sender that waits for it. Safe to use from
/// several threads: messages are never interleaved, and responses are paired with messages in the order of sending.
/// </summary>
public sealed class EchoSession : IDisposable
{
    // Room for messages that nobody has received yet, where the longest message's own limit is smaller.
    private const long MinInboxBytes = 64 * 1024 * 1024;

    private readonly SessionOptions _options;
    private readonly BlockingChannel _channel;
    private readonly MessageReader _messageReader;
    private readonly SharedSessionState _shared;
    private readonly MessageDelivery _delivery;
    private readonly TlsFacts? _tls;

    private EchoSession(SessionOptions options, BlockingChannel channel, TimeSpan connecting)
    {
        _options = options;
        _channel = channel;
        _tls = (channel as BlockingTlsChannel)?.Facts;
        Context = new SessionContext(options, this) { Tls = _tls };
        ConnectMilliseconds = connecting.TotalMilliseconds;
        ConnectedAt = DateTime.Now;

        // The system reports it while the socket is open, and the channel keeps it.
        _ = channel.LocalEndPoint;

        CertificateProblem = _tls?.Certificate?.Problem();
        channel.Socket.SendTimeout = Deadline.AfterLimit(options.ResponseTimeout).Milliseconds;

        var inboxLimit = Math.Max(MinInboxBytes, options.MaxMessageBytes);
        _messageReader = new MessageReader(Context, channel);
        _shared = new SharedSessionState(Context, channel, _messageReader, inboxLimit);
        _delivery = new MessageDelivery(Context, channel, _messageReader, _shared, inboxLimit);
        Receiver = new SessionReceiver(Context, channel, _messageReader, _shared, _delivery);
        Sender = new SessionSender(Context, channel, _shared, Receiver);
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
    public string LocalEndPoint => EndPointText.Of(_channel.LocalEndPoint);

    /// <summary>The server's address and port, or its socket's path.</summary>
    public string RemoteEndPoint => EndPointText.Of(_channel.RemoteEndPoint);

    /// <summary>Whether it can still be spoken through, as far as that is known: see <see cref="Refresh"/>.</summary>
    public string State => GetState().ToString();

    /// <summary>Why it ended: ClientClosed, ServerClosed, Reset, ResponseTimeout and so on; null while it is open, as far as that is known.</summary>
    public string? Reason => _shared.Ended?.Reason.ToString();

    /// <summary>Where messages end.</summary>
    public string Framing => _options.Framing.ToString();

    /// <summary>The encoding's name, as IANA registered it.</summary>
    public string Encoding => _options.Encoding.WebName;

    /// <summary>Whether the bytes go through TLS.</summary>
    public bool IsEncrypted => _options.UseTls;

    /// <summary>The TLS version agreed on: Tls12 or Tls13; null without TLS.</summary>
    public string? TlsProtocol => _tls?.Protocol;

    /// <summary>The cipher suite agreed on, as IANA registered it; .NET Framework reports its cipher and its hash alone. Null without TLS.</summary>
    public string? CipherSuite => _tls?.CipherSuite;

    /// <summary>Whom the server's certificate is for, as a distinguished name; this and all about the certificate is null without TLS.</summary>
    public string? CertificateSubject => _tls?.Certificate?.Subject;

    /// <summary>Who issued the server's certificate, as a distinguished name.</summary>
    public string? CertificateIssuer => _tls?.Certificate?.Issuer;

    /// <summary>The DNS names and addresses that the server's certificate is for (RFC 5280, section 4.2.1.6), with commas between; its common name where it has none.</summary>
    public string? CertificateNames => _tls?.Certificate?.Names;

    /// <summary>When the server's certificate begins, in local time.</summary>
    public DateTime? CertificateNotBefore => _tls?.Certificate?.NotBefore;

    /// <summary>When the server's certificate ends, in local time.</summary>
    public DateTime? CertificateNotAfter => _tls?.Certificate?.NotAfter;

    /// <summary>The SHA-256 thumbprint of the server's certificate, in hexadecimal, which pins it.</summary>
    public string? CertificateThumbprint => _tls?.Certificate?.Thumbprint;

    /// <summary>All that the check of the server's certificate finds wrong with it (its dates, its name, its trust), also where it was taken unchecked or is pinned; null when nothing is.</summary>
    public string? CertificateProblem { get; }

    /// <summary>When the connection was established, in local time.</summary>
    public DateTime ConnectedAt { get; }

    /// <summary>How long resolving, connecting and the TLS handshake took, in milliseconds; a wait for the server is not part of it.</summary>
    public double ConnectMilliseconds { get; }

    /// <summary>Messages sent.</summary>
    public long MessagesSent => Sender.MessagesSent;

    /// <summary>Messages received, solicited or not.</summary>
    public long MessagesReceived => _delivery.MessagesReceived;

    /// <summary>Bytes sent, framing included, TLS not.</summary>
    public long BytesSent => Sender.BytesSent;

    /// <summary>Bytes received, framing included, TLS not.</summary>
    public long BytesReceived => _messageReader.BytesReceived;

    /// <summary>Whether messages can still be sent, as it is known, without looking.</summary>
    internal bool IsOpen => GetState() == EchoSessionState.Open;

    internal SessionContext Context { get; }

    internal SessionReceiver Receiver { get; }

    internal SessionSender Sender { get; }

    /// <summary>Connects.</summary>
    /// <param name="options">The server, the framing and the rest.</param>
    /// <param name="report">Is called on this thread, several times a second while it waits for the server (<see cref="SessionOptions.WaitFor"/>), with why there is no connection yet; null when nothing has answered so far.</param>
    /// <param name="step">Is called on this thread with each step: addresses, attempts and how each ended, the TLS handshake. Null for none, which costs nothing.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketToolsException">InvalidOption, NameNotFound, ConnectionRefused, ConnectTimeout, Unreachable, TlsFailed and their like.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EchoSession Connect(
        SessionOptions options, Action<SocketToolsException?>? report = null, Action<ConnectStep>? step = null, CancellationToken cancellationToken = default)
    {
        options.Validate();
        SessionWarmUp.Run();
        var trace = step is null ? null : new ConnectTrace(options, step);
        BlockingChannel? channel = null;
        try
        {
            (channel, var time) = Connector.Connect(options, report, trace, cancellationToken);
            var session = new EchoSession(options, channel, time);
            trace?.Open(session.Context, channel);
            return session;
        }
        catch (Exception exception)
        {
            channel?.Dispose();
            if (SocketErrors.IsExhausted(exception))
            {
                throw SocketErrors.ToExhaustedError(options.EndPointName, exception);
            }

            // The server can be gone before the endpoints are asked for.
            if (exception is SocketException error)
            {
                throw SocketErrors.ToConnectError(error, options.EndPointName);
            }

            throw;
        }
    }

    /// <summary>Sends text and waits for the response as text.</summary>
    /// <param name="message">What the framing can carry.</param>
    /// <param name="cancellationToken">Ends the wait, and faults the session when a request was pending.</param>
    /// <exception cref="SocketToolsException">MessageNotCarried, MessageTooLarge, ResponseTimeout, ServerClosed, ConnectionReset, SessionClosed, SessionHalfClosed, SessionFaulted, InvalidMessage.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public SocketMessage Send(string message, CancellationToken cancellationToken = default) =>
        Send(message, asBytes: false, cancellationToken);

    /// <summary>Sends bytes and waits for the response as bytes.</summary>
    /// <inheritdoc cref="Send(string, CancellationToken)"/>
    public SocketMessage Send(byte[] message, CancellationToken cancellationToken = default) =>
        Send(message, asBytes: true, cancellationToken);

    /// <summary>Receives the oldest unsolicited message: a greeting, or the response to a message whose sender did not wait.</summary>
    /// <param name="timeout">How long to wait for one; null for the session's response timeout; zero for no limit.</param>
    /// <param name="asBytes">Whether to give it as bytes.</param>
    /// <param name="cancellationToken">Ends the wait; the session stays as it is.</param>
    /// <exception cref="SocketToolsException">WaitTimeout, ServerClosed, ConnectionReset, SessionClosed, SessionFaulted.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public SocketMessage Receive(TimeSpan? timeout = null, bool asBytes = false, CancellationToken cancellationToken = default)
    {
        var time = timeout ?? _options.ResponseTimeout;
        return Receiver.Receive(Deadline.AfterLimit(time), asBytes, cancellationToken) ?? throw new SocketToolsException(
            SocketToolsError.WaitTimeout, Messages.Get("ReceiveTimeout", Context.EndPointName, time.TotalSeconds), this);
    }

    /// <summary>Receives an unsolicited message that has arrived already; null when there is none.</summary>
    /// <param name="asBytes">Whether to give it as bytes.</param>
    public SocketMessage? TryReceive(bool asBytes = false) => Receiver.TryReceive(asBytes);

    /// <summary>
    /// Looks whether the server has closed, without waiting. No thread watches a session that nobody uses, and no property reads its
    /// socket, so that State and Reason show what was known when something was last sent, received or looked for.
    /// </summary>
    public void Refresh() => Receiver.CheckForEnd();

    /// <summary>Throws when nothing can be sent any more, also when the server has closed the session since anybody looked.</summary>
    /// <exception cref="SocketToolsException">SessionClosed, SessionHalfClosed, SessionFaulted.</exception>
    public void RequireOpen()
    {
        Refresh();
        if (_shared.Ended is { } end)
        {
            throw end.LaterError;
        }

        if (_shared.IsSendClosed)
        {
            throw SessionEnd.HalfClosed(Context);
        }
    }

    /// <summary>
    /// Ends what this side sends (half-close: RFC 9293, section 3.6), with a close_notify before the FIN where there is TLS (RFC 8446,
    /// section 6.1). Pending responses, and all that the server still sends, are received until it ends its side too: then the
    /// session is closed. Nothing happens when this side has ended already.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for another thread's message that is still being sent.</param>
    /// <exception cref="SocketToolsException">InvalidOption: UDP has no connection to close; SessionClosed, SessionFaulted, ConnectionReset, ResponseTimeout.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, and nothing has changed.</exception>
    public void CloseSend(CancellationToken cancellationToken = default)
    {
        if (Context.IsDatagrams)
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("UdpHasNoHalfClose", this), this);
        }

        Sender.Close(cancellationToken);
    }

    /// <summary>Ends the conversation.</summary>
    /// <param name="reset">Whether to throw the connection away (RST) instead of ending it in order (FIN).</param>
    public void Close(bool reset = false)
    {
        if (!_shared.TryEnd(SessionEnd.ByClient(Context), out var hasPending, out var isReader))
        {
            return;
        }

        if (isReader && !reset)
        {
            Receiver.DrainToEnd(hasPending);
        }

        _channel.Close(reset);
        if (isReader)
        {
            _shared.EndReading();
        }
    }

    /// <summary>Closes the connection in order (FIN).</summary>
    public void Dispose() => Close();

    /// <summary>The options it was connected with.</summary>
    public SessionOptions ToOptions() => _options;

    /// <summary>Whether it can still be spoken through, as far as that is known: see <see cref="Refresh"/>.</summary>
    public EchoSessionState GetState() => _shared.Ended?.State ?? (_shared.IsSendClosed ? EchoSessionState.HalfClosed : EchoSessionState.Open);

    /// <inheritdoc/>
    public override string ToString() => OutsideText.Clean(Name.Length > 0 ? Name : Context.EndPointName)!;

    private SocketMessage Send(object message, bool asBytes, CancellationToken cancellationToken)
    {
        using var window = new SendWindow(this, 1, _options.ResponseTimeout, cancellationToken) { Response = ResponseHandling.Awaited };
        window.Add(message, asBytes);
        window.Take(out var exchange);
        return exchange.Error is { } error ? throw error : exchange.Result!;
    }
}
