using PSSocketTools.Lifetime;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Why a server closed a connection, from its journal, where the server is in the process of the client.</summary>
internal static class ServerReason
{
    // The error of a connection is the last thing before its end, but other connections have errors too.
    private const int EventsLookedAt = 100;

    /// <summary>The error with the server's reason in it; as it is, where there is none or nobody knows it.</summary>
    public static SocketToolsException AddTo(SocketToolsException exception)
    {
        if (exception is not { Error: SocketToolsError.ServerClosed, Target: EchoSession { Port: > 0 } session })
        {
            return exception;
        }

        var query = new ServerEventQuery { Kind = [ServerEventKind.Error], Last = EventsLookedAt };
        foreach (var server in Running.Servers.All().Where(server => server.Port == session.Port))
        {
            if (server.GetEvents(query, out _).LastOrDefault(one => IsOf(session, one)) is { Message: { } why })
            {
                return new SocketToolsException(
                    exception.Error, Messages.Get("ServerClosedBecause", session.RemoteEndPoint, server.Name, why.TrimEnd('.')), session, exception);
            }
        }

        return exception;
    }

    // An error that the responder went on after ended no connection.
    private static bool IsOf(EchoSession session, ServerEvent error) =>
        Running.IsOf(session, error.RemoteAddress, error.RemotePort) && error.Reason != nameof(ServerEventReason.ResponderError);
}
