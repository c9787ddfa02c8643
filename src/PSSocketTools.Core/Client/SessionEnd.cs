using System.Net.Sockets;
using System.Security.Authentication;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>How a session ended, and what to tell those it leaves without an answer.</summary>
internal sealed class SessionEnd
{
    // A read's own timeout ends it about when the deadline passes.
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

    /// <summary>What those are told who were there when it ended.</summary>
    public SocketToolsException News => _error ?? NotOpen;

    /// <summary>What those are told who come later.</summary>
    public SocketToolsException NotOpen => State == EchoSessionState.Faulted
        ? new SocketToolsException(
            SocketToolsError.SessionFaulted, Messages.Get("SessionFaulted", _session, _error!.Message), _session, _error)
        : Error(_session, SocketToolsError.SessionClosed, null, Reason == SessionEndReason.ServerClosed ? "SessionClosedByServer" : "SessionClosed", _session);

    public static SessionEnd ByClient(EchoSession session) => new(session, EchoSessionState.Closed, SessionEndReason.ClientClosed, null);

    public static SessionEnd ByServer(EchoSession session) => new(
        session, EchoSessionState.Closed, SessionEndReason.ServerClosed,
        Error(session, SocketToolsError.ServerClosed, null, "ServerClosed", session.EndPointName));

    /// <summary>An answer did not come in the time allowed.</summary>
    public static SessionEnd TimedOut(EchoSession session, TimeSpan timeout) => Fault(
        session, SessionEndReason.ResponseTimeout, SocketToolsError.ResponseTimeout, null, "ResponseTimeout", session.EndPointName,
        timeout.TotalSeconds);

    /// <summary>Who waited for an answer gave up.</summary>
    public static SessionEnd Interrupted(EchoSession session) => Fault(
        session, SessionEndReason.Interrupted, SocketToolsError.Interrupted, null, "WaitInterrupted", session.EndPointName);

    /// <summary>The server sent more than is kept of what nobody receives.</summary>
    public static SessionEnd Overfilled(EchoSession session, long limit) => Fault(
        session, SessionEndReason.MessageTooLarge, SocketToolsError.MessageTooLarge, null, "InboxFull", session.EndPointName, limit);

    /// <summary>A read or a write met something.</summary>
    /// <param name="session">The session.</param>
    /// <param name="exception">What it met: <see cref="IsKnown"/>.</param>
    /// <param name="timeout">How long an answer is waited for.</param>
    /// <param name="deadline">Until when this one was.</param>
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

    /// <summary>Whether an exception is one that reads and writes meet.</summary>
    public static bool IsKnown(Exception exception) =>
        exception is SocketException or IOException or ObjectDisposedException or FramingException or AuthenticationException
            or TaskSchedulerException
        || (exception is AggregateException several && several.InnerExceptions.All(IsKnown));

    private static SessionEnd Fault(
        EchoSession session, SessionEndReason reason, SocketToolsError error, Exception? inner, string message, params object[] values) =>
        new(session, EchoSessionState.Faulted, reason, Error(session, error, inner, message, values));

    private static SocketToolsException Error(
        EchoSession session, SocketToolsError error, Exception? inner, string message, params object[] values) =>
        new(error, Messages.Get(message, values), session, inner);
}
