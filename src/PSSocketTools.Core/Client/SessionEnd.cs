using System.Net.Sockets;
using System.Security.Authentication;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>How a session ended, and the errors for callers that wait or come later.</summary>
internal sealed class SessionEnd
{
    // A receive's own timeout ends it at about the time of the deadline.
    private const int DeadlineSlackMilliseconds = 100;

    private readonly EchoSession _session;
    private readonly SocketToolsException? _error;

    private SessionEnd(EchoSession session, EchoSessionState state, SessionEndReason reason, SocketToolsException? error)
    {
        _session = session;
        State = state;
        Reason = reason;
        _error = error;
    }

    public EchoSessionState State { get; }

    public SessionEndReason Reason { get; }

    /// <summary>The error for callers that waited when the session ended.</summary>
    public SocketToolsException FirstError => _error ?? LaterError;

    /// <summary>The error for later calls.</summary>
    public SocketToolsException LaterError => State == EchoSessionState.Faulted
        ? new SocketToolsException(
            SocketToolsError.SessionFaulted, Messages.Get("SessionFaulted", _session, _error!.Message), _session, _error)
        : Create(_session, SocketToolsError.SessionClosed, null, Reason == SessionEndReason.ServerClosed ? "SessionClosedByServer" : "SessionClosed", _session);

    public static SessionEnd ByClient(EchoSession session) => new(session, EchoSessionState.Closed, SessionEndReason.ClientClosed, null);

    public static SessionEnd ByServer(EchoSession session) => new(
        session, EchoSessionState.Closed, SessionEndReason.ServerClosed,
        Create(session, SocketToolsError.ServerClosed, null, "ServerClosed", session.EndPointName));

    /// <summary>A response did not arrive within its time limit.</summary>
    public static SessionEnd TimedOut(EchoSession session, TimeSpan timeout) => Fault(
        session, SessionEndReason.ResponseTimeout, SocketToolsError.ResponseTimeout, null, "ResponseTimeout", session.EndPointName,
        timeout.TotalSeconds);

    /// <summary>The wait for a response was cancelled.</summary>
    public static SessionEnd Interrupted(EchoSession session) => Fault(
        session, SessionEndReason.Interrupted, SocketToolsError.Interrupted, null, "WaitInterrupted", session.EndPointName);

    /// <summary>The unsolicited messages exceed their limit.</summary>
    public static SessionEnd Overfilled(EchoSession session, long limit) => Fault(
        session, SessionEndReason.MessageTooLarge, SocketToolsError.MessageTooLarge, null, "InboxFull", session.EndPointName, limit);

    /// <summary>Reading or writing failed.</summary>
    /// <param name="session">The session.</param>
    /// <param name="exception">The error: one of <see cref="IsKnown"/>.</param>
    /// <param name="timeout">The time limit for a response.</param>
    /// <param name="deadline">The deadline of this wait.</param>
    public static SessionEnd By(EchoSession session, Exception exception, TimeSpan timeout, Deadline deadline)
    {
        if (exception is AggregateException several)
        {
            return By(session, several.InnerExceptions[0], timeout, deadline);
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
                session, EchoSessionState.Faulted, reason, new SocketToolsException(framing.Error, framing.Message, session, framing));
        }

        var error = SocketErrors.Within(exception);
        var endPoint = session.EndPointName;
        if (SocketErrors.IsExhausted(exception))
        {
            return Fault(session, SessionEndReason.Error, SocketToolsError.TooManyOpenFiles, exception, "TooManyOpenFiles", endPoint);
        }

        return error?.SocketErrorCode switch
        {
            // The system's own timeout for a peer that has vanished comes without our deadline.
            SocketError.TimedOut when deadline.Milliseconds is >= 0 and < DeadlineSlackMilliseconds => TimedOut(session, timeout),
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

    private static SessionEnd Fault(
        EchoSession session, SessionEndReason reason, SocketToolsError error, Exception? inner, string message, params object[] values) =>
        new(session, EchoSessionState.Faulted, reason, Create(session, error, inner, message, values));

    private static SocketToolsException Create(
        EchoSession session, SocketToolsError error, Exception? inner, string message, params object[] values) =>
        new(error, Messages.Get(message, values), session, inner);
}
