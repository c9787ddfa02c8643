using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Accepts or rejects connections, and creates their conversations, for every transport.</summary>
internal sealed class AcceptGate(ConversationPlan plan, ServerRecord record, int maxConnections, Func<IPAddress, bool>? isAllowed)
{
    private int _lastId;

    public ServerRecord Record { get; } = record;

    /// <summary>The conversations that are open.</summary>
    public OpenConversations Open { get; } = new();

    /// <summary>Accepts a connection, or rejects it with an event.</summary>
    /// <returns>Its conversation; null when the connection is rejected.</returns>
    public Conversation? TryAccept(EndPoint? remote) => TryIdentify(remote) is { } client ? TryAccept(client) : null;

    /// <summary>Gives a connection its id, or rejects it with an event if its address is not allowed.</summary>
    /// <returns>Its identity; null when the connection is rejected.</returns>
    public ConnectionFacts? TryIdentify(EndPoint? remote)
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

    /// <summary>Accepts an identified connection, or rejects it with an event at the limit of connections.</summary>
    /// <returns>Its conversation; null when the connection is rejected.</returns>
    public Conversation? TryAccept(ConnectionFacts client)
    {
        Conversation conversation = plan.Options.IsPlain ? new PlainConversation(plan, client, Record) : new MessageConversation(plan, client, Record);
        conversation.ListedIn = Open;
        var isAccepted = false;
        try
        {
            // Listed first, so that whoever sees the event finds the conversation.
            Open.Add(conversation);
            isAccepted = Record.TryConnect(client, maxConnections);
        }
        finally
        {
            if (!isAccepted)
            {
                conversation.End();
                conversation.Dispose();
            }
        }

        if (isAccepted)
        {
            return conversation;
        }

        Record.Rejected(client, ServerEventReason.TooManyConnections);
        return null;
    }
}
