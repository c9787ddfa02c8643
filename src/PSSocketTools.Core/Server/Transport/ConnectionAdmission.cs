using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Admits or rejects the clients of accepted connections, and makes their conversations, for every transport.</summary>
internal sealed class ConnectionAdmission(ConversationPlan plan, ServerRecord record, int maxConnections, Func<IPAddress, bool>? isAllowed)
{
    // Null where the server does not broadcast.
    private readonly BroadcastGroup? _group = plan.Options.IsBroadcasting ? new BroadcastGroup() : null;
    private int _lastId;

    public ServerRecord Record { get; } = record;

    /// <summary>The conversations that are open.</summary>
    public OpenConversations Open { get; } = new();

    /// <summary>Whether its conversations call code of the user's, which may block.</summary>
    public bool RunsUserCode { get; } = plan.Options.Responder is not null;

    /// <summary>Whether it needs the endpoint that a client connected to, since a format writes its address.</summary>
    public bool NeedsLocalEndPoint { get; } = plan.WritesLocalAddress;

    /// <summary>Gives a client its id, or rejects it with an event if its address is not allowed.</summary>
    /// <returns>Its identity; null when it is rejected.</returns>
    public ClientRecord? TryIdentify(EndPoint? remote, EndPoint? local)
    {
        var ip = remote as IPEndPoint;
        var client = new ClientRecord(
            Interlocked.Increment(ref _lastId),
            ip is null ? string.Empty : EndPointText.Of(ip.Address),
            ip?.Port ?? 0,
            Record.Clock.Timestamp)
        {
            LocalAddress = local is IPEndPoint { Address: var address } ? EndPointText.Of(address) : string.Empty,
        };
        if (ip is null || isAllowed is null || isAllowed(ip.Address))
        {
            return client;
        }

        Record.Rejected(client, ServerEventReason.NotAllowed);
        return null;
    }

    /// <summary>Admits an identified client, or rejects it with an event at the limit of connections.</summary>
    /// <returns>Its conversation; null when it is rejected.</returns>
    public Conversation? TryAdmit(ClientRecord client)
    {
        Conversation conversation = plan.Options.IsRaw ? new RawConversation(plan, client, Record) : new MessageConversation(plan, client, Record);
        conversation.Registry = Open;
        var isAdmitted = false;
        try
        {
            // The conversation is listed first, so that whoever sees the event finds it.
            Open.Add(conversation);
            conversation.Member = _group?.Enter(conversation, plan);
            isAdmitted = Record.TryConnect(client, maxConnections);
        }
        finally
        {
            if (!isAdmitted)
            {
                conversation.End(isAnnounced: false);
                conversation.Dispose();
            }
        }

        if (!isAdmitted)
        {
            Record.Rejected(client, ServerEventReason.TooManyConnections);
            return null;
        }

        try
        {
            // The others are told now, and not when it begins, so that whoever connects in between does not hear of it.
            conversation.Member?.Announce(plan.Greeting, Record.Clock);
            return conversation;
        }
        catch
        {
            // No caller has the conversation, which is counted as an active connection.
            Abandon(conversation);
            throw;
        }
    }

    /// <summary>Ends a conversation that was admitted and has no connection; never throws.</summary>
    public void Abandon(Conversation conversation)
    {
        BestEffort.Run(() => conversation.End(isAnnounced: true), Record.TryReport);
        BestEffort.Run(() => Record.Disconnected(conversation.Client, ServerEventReason.Failure), Record.TryReport);
        BestEffort.Run(conversation.Dispose, Record.TryReport);
    }
}
