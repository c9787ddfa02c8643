using System.Net.Sockets;
using System.Security.Authentication;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Tls;

namespace PSSocketTools.Client;

/// <summary>How a session ended, and the errors for callers that wait and for later ones.</summary>
internal sealed class SessionEnd
{
    // A receive's own timeout ends it at about the time of the deadline.
    private const int DeadlineSlackMilliseconds = 100;

    private readonly SessionContext _session;
    private readonly SocketToolsException? _error;

    private SessionEnd(SessionContext session, EchoSessionState state, SessionEndReason reason, SocketToolsException? error)
    {
        _session = session;
        State = state;
        Reason = reason;
        _error = error;
    }

    public EchoSessionState State { get; }

    public SessionEndReason Reason { get; }

    /// <summary>Whether the server ended its side after this one, as a half-close is meant to end.</summary>
    public bool IsAfterHalfClose { get; private init; }

    /// <summary>The error for callers that waited when the session ended.</summary>
    public SocketToolsException FirstError => _error ?? LaterError;

    /// <summary>The error for later calls. Of the first error it has what happened; what to do about that has been told already.</summary>
    public SocketToolsException LaterError => State == EchoSessionState.Faulted
        ? new SocketToolsException(
            SocketToolsError.SessionFaulted, Messages.Get("SessionFaulted", _session.Target, Messages.First(_error!.Message)), _session.Target, _error)
        : Create(
            _session, SocketToolsError.SessionClosed, null,
            Reason == SessionEndReason.ServerClosed ? "SessionClosedByServer" : "SessionClosed", _session.Target);

    /// <summary>The error for a sender after this side has ended what it sends, which ends no session.</summary>
    public static SocketToolsException HalfClosed(SessionContext session) =>
        Create(session, SocketToolsError.SessionHalfClosed, null, "SessionHalfClosed", session.Target);

    public static SessionEnd ByClient(SessionContext session) => new(session, EchoSessionState.Closed, SessionEndReason.ClientClosed, null);

    /// <summary>The server has ended what it sends.</summary>
    /// <param name="session">The session.</param>
    /// <param name="isAfterHalfClose">Whether this side had ended its own before, so that nothing has failed.</param>
    /// <param name="isAtOnce">Whether the server had not sent a byte, as one that allows no client from here does.</param>
    public static SessionEnd ByServer(SessionContext session, bool isAfterHalfClose, bool isAtOnce) => new(
        session, EchoSessionState.Closed, SessionEndReason.ServerClosed,
        Create(
            session,
            SocketToolsError.ServerClosed,
            null,
            isAfterHalfClose ? "ServerClosedLast" : !isAtOnce ? "ServerClosed" : AtOnce(session),
            session.EndPointName,
            session.Options.ClientCertificate?.Subject ?? string.Empty))
    {
        IsAfterHalfClose = isAfterHalfClose,
    };

    /// <summary>A response did not arrive within its time limit.</summary>
    /// <param name="session">The session.</param>
    /// <param name="limit">The limit.</param>
    /// <param name="received">How many bytes of it did, which its framing does not take for a whole message.</param>
    /// <param name="unawaited">How many responses that nobody waits for were to come before it.</param>
    public static SessionEnd TimedOut(SessionContext session, ResponseLimit limit, int received = 0, int unawaited = 0)
    {
        var framing = session.Options.Framing;
        var message = limit.IsForSending ? "SendBlocked"
            : unawaited > 0 ? "ResponseTimeoutUnawaited"
            : session.IsDatagrams ? "ResponseTimeout"
            : session.EndsByPause ? "ResponseTimeoutFramed"
            : received <= 0 ? framing switch
            {
                MessageFraming.Line when session.Options.LineEnding is null or LineEnding.Lf => "ResponseTimeoutLf",
                MessageFraming.Delimiter => "ResponseTimeoutDelimiter",
                _ => "ResponseTimeoutFramed",
            }
            : framing == MessageFraming.LengthPrefix ? "ResponseNotWhole"
            : "ResponseNotEnded";
        return Fault(
            session, SessionEndReason.ResponseTimeout, SocketToolsError.ResponseTimeout, null, message, session.EndPointName,
            limit.Time.TotalSeconds, framing, received, $"{session.Options.Delimiter}", unawaited);
    }

    /// <summary>The wait for a response was cancelled.</summary>
    public static SessionEnd Interrupted(SessionContext session) => Fault(
        session, SessionEndReason.Interrupted, SocketToolsError.Interrupted, null, "WaitInterrupted", session.EndPointName);

    /// <summary>The unsolicited messages exceed their limit.</summary>
    public static SessionEnd Overfilled(SessionContext session, long limit) => Fault(
        session, SessionEndReason.MessageTooLarge, SocketToolsError.MessageTooLarge, null, "InboxFull", session.EndPointName, limit);

    /// <summary>Reading or writing failed.</summary>
    /// <param name="session">The session.</param>
    /// <param name="exception">The error: one of <see cref="IsKnown"/>.</param>
    /// <param name="limit">That of the response waited for.</param>
    /// <param name="received">How many bytes of that response have arrived.</param>
    /// <param name="unawaited">How many responses that nobody waits for were to come before it.</param>
    public static SessionEnd FromException(SessionContext session, Exception exception, ResponseLimit limit, int received = 0, int unawaited = 0)
    {
        if (exception is AggregateException several)
        {
            return FromException(session, several.InnerExceptions[0], limit, received, unawaited);
        }

        if (exception is FramingException framing)
        {
            var reason = framing.Error switch
            {
                SocketToolsError.MessageTooLarge => SessionEndReason.MessageTooLarge,
                SocketToolsError.TlsFailed => SessionEndReason.TlsFailed,
                _ => SessionEndReason.InvalidMessage,
            };
            return new SessionEnd(
                session, EchoSessionState.Faulted, reason, new SocketToolsException(framing.Error, framing.Message, session.Target, framing));
        }

        if (TlsAlerts.Within(exception) is { } alert)
        {
            // TLS 1.3 tells a client that its certificate is missing or refused only when its own handshake is over.
            return new SessionEnd(
                session, EchoSessionState.Faulted, SessionEndReason.TlsFailed, new SocketToolsException(
                    SocketToolsError.TlsFailed,
                    TlsAlerts.Explain(alert, session.EndPointName, session.Options.ClientCertificate, wasAsked: false),
                    session.Target,
                    exception));
        }

        var error = SocketErrors.Within(exception);
        var endPoint = session.EndPointName;
        if (SocketErrors.IsExhausted(exception))
        {
            return Fault(session, SessionEndReason.Error, SocketToolsError.TooManyOpenFiles, exception, "TooManyOpenFiles", endPoint);
        }

        return error?.SocketErrorCode switch
        {
            // The system's own timeout for a server that has vanished comes without our deadline.
            SocketError.TimedOut when limit.Deadline.Milliseconds is >= 0 and < DeadlineSlackMilliseconds => TimedOut(session, limit, received, unawaited),
            SocketError.ConnectionRefused => Refused(),
            SocketError.ConnectionReset when session.IsDatagrams => Refused(),
            { } code when SocketErrors.IsReset(code) =>
                Fault(session, SessionEndReason.Reset, SocketToolsError.ConnectionReset, exception, "ConnectionReset", endPoint),
            _ => Fault(
                session, SessionEndReason.Error, SocketToolsError.SocketFailed, exception, "SocketFailed", endPoint, exception.Message.TrimEnd('.')),
        };

        SessionEnd Refused() =>
            Fault(session, SessionEndReason.Reset, SocketToolsError.ConnectionRefused, exception, "ConnectionRefused", endPoint);
    }

    /// <summary>Whether an exception is one that reading and writing throw.</summary>
    public static bool IsKnown(Exception exception) =>
        exception is SocketException or IOException or ObjectDisposedException or FramingException or AuthenticationException
            or TaskSchedulerException
        || (exception is AggregateException several && several.InnerExceptions.All(IsKnown));

    /// <summary>The sentence for a server that closes without having sent a byte: over TLS it may be about the client's certificate.</summary>
    private static string AtOnce(SessionContext session) => !session.Options.UseTls ? "ServerClosedAtOnce"
        : session.Tls is { HasSentCertificate: true } ? "ServerClosedAtCertificate"
        : session.Tls is { WasAskedForCertificate: true } ? "ServerClosedWithoutCertificate"
        : "ServerClosedAtOnceOverTls";

    private static SessionEnd Fault(
        SessionContext session, SessionEndReason reason, SocketToolsError error, Exception? inner, string message, params object[] values) =>
        new(session, EchoSessionState.Faulted, reason, Create(session, error, inner, message, values));

    private static SocketToolsException Create(
        SessionContext session, SocketToolsError error, Exception? inner, string message, params object[] values) =>
        new(error, Messages.Get(message, values), session.Target, inner);
}
