using System.Net;
using PSSocketTools.Echo;
using PSSocketTools.Journal;
using PSSocketTools.Net;

namespace PSSocketTools.Transport;

/// <summary>Decides who comes in, and begins their conversations; the same for every transport.</summary>
internal sealed class Reception(ConversationPlan plan, ServerRecord record, int maxConnections, Func<IPAddress, bool>? isAllowed)
{
    private int _lastId;

    public ServerRecord Record { get; } = record;

    /// <summary>Lets a client in, or says in the journal why not.</summary>
    /// <returns>Its conversation; null when it is to be closed.</returns>
    public Conversation? Admit(EndPoint? remote)
    {
        var ip = remote as IPEndPoint;
        var connection = new ConnectionFacts(
            Interlocked.Increment(ref _lastId),
            ip is null ? string.Empty : EndPointText.Of(ip.Address),
            ip?.Port ?? 0,
            Record.Clock.Timestamp);
        if (ip is not null && isAllowed is not null && !isAllowed(ip.Address))
        {
            Record.Rejected(connection, ServerEventReason.NotAllowed);
            return null;
        }

        if (!Record.TryConnect(connection, maxConnections))
        {
            Record.Rejected(connection, ServerEventReason.TooManyConnections);
            return null;
        }

        return plan.IsPlain
            ? new PlainConversation(plan, connection, Record)
            : new MessageConversation(plan, connection, Record);
    }
}
