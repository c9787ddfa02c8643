using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Decides who comes in, and begins their conversations; the same for every transport.</summary>
internal sealed class Reception(ConversationPlan plan, ServerRecord record, int maxConnections, Func<IPAddress, bool>? isAllowed)
{
    private int _lastId;

    public ServerRecord Record { get; } = record;

    /// <summary>Lets a client in, or says in the journal why not.</summary>
    /// <returns>Its conversation; null when it is to be closed.</returns>
    public Conversation? Admit(EndPoint? remote) => Meet(remote) is { } client ? Admit(client) : null;

    /// <summary>Gives a client its number, or says in the journal that it may not come in.</summary>
    /// <returns>Who it is; null when it is to be closed.</returns>
    public ConnectionFacts? Meet(EndPoint? remote)
    {
        var ip = remote as IPEndPoint;
        var client = new ConnectionFacts(
            Interlocked.Increment(ref _lastId),
            ip is null ? string.Empty : EndPointText.Of(ip.Address),
            ip?.Port ?? 0,
            Record.Clock.Timestamp);
        if (ip is null || isAllowed is null || isAllowed(ip.Address))
        {
            return client;
        }

        Record.Rejected(client, ServerEventReason.NotAllowed);
        return null;
    }

    /// <summary>Lets in a client that was met, unless as many as may be there are.</summary>
    /// <returns>Its conversation; null when it is to be closed.</returns>
    public Conversation? Admit(ConnectionFacts client)
    {
        if (!Record.TryConnect(client, maxConnections))
        {
            Record.Rejected(client, ServerEventReason.TooManyConnections);
            return null;
        }

        return plan.IsPlain
            ? new PlainConversation(plan, client, Record)
            : new MessageConversation(plan, client, Record);
    }
}
