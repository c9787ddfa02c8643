using PSSocketTools.Platform;

namespace PSSocketTools.Server.Conversations;

/// <summary>One conversation of a <see cref="BroadcastGroup"/>. For its driver alone, but for the mailbox.</summary>
internal sealed class BroadcastMember(BroadcastGroup group, Conversation conversation, ConversationPlan plan) : IDisposable
{
    private bool _hasLeft;

    /// <summary>Where what the others broadcast is queued.</summary>
    public Mailbox Mailbox { get; } = conversation.Mailbox;

    /// <summary>What the next <see cref="Broadcast()"/> sends to the others, framed as what is sent unsolicited.</summary>
    public OutputBuffer Outgoing { get; } = new(plan.Writer);

    /// <summary>Whether it has received all before a stop. For the group alone.</summary>
    public bool HasEndedReceiving { get; set; }

    /// <summary>Adds one message to what is sent to the others.</summary>
    public void Add(byte[] content) => plan.AppendUnsolicited(Outgoing, content);

    /// <summary>Queues what is sent to the others, if there is anything.</summary>
    public void Broadcast() => Broadcast(includesSender: plan.Options.IncludesSender);

    /// <summary>Sends a notice of the client to the others: the greeting or the farewell.</summary>
    public void Announce(Notice? notice, Clock clock)
    {
        if (notice is not null)
        {
            Broadcast();
            Add(notice.For(conversation.Client, clock));
            Broadcast(includesSender: false);
        }
    }

    /// <summary>Leaves the group, once.</summary>
    /// <param name="farewell">What the others are sent; null for nothing.</param>
    /// <param name="clock">The clock that tells when.</param>
    public void Leave(Notice? farewell, Clock clock)
    {
        if (_hasLeft)
        {
            return;
        }

        _hasLeft = true;
        Broadcast();
        group.Leave(this);
        Announce(farewell, clock);
    }

    /// <summary>Whether a conversation that is done has to wait, while the server stops, for what the others may still send.</summary>
    public bool AwaitsOthers() => !group.EndReceiving(this);

    /// <inheritdoc/>
    public void Dispose() => Outgoing.Dispose();

    private void Broadcast(bool includesSender)
    {
        if (Outgoing.Count > 0)
        {
            group.Broadcast(Outgoing, except: includesSender ? null : this);
            Outgoing.Clear();
        }
    }
}
