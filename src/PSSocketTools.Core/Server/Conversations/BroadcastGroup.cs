namespace PSSocketTools.Server.Conversations;

/// <summary>
/// The conversations of a broadcasting server. What one sends is put into the mailbox of each other, so that none waits for another:
/// what is queued for a client is sent together, in the order in which it was queued.
/// </summary>
internal sealed class BroadcastGroup
{
    private readonly object _gate = new();

    // A change replaces the whole array, so that those who broadcast take no lock for it.
    private volatile BroadcastMember[] _members = [];

    // How many members may still receive something, once a server drains.
    private int _receiving;

    /// <summary>Adds a conversation: from now on it gets what the others send.</summary>
    public BroadcastMember Enter(Conversation conversation, ConversationPlan plan)
    {
        var member = new BroadcastMember(this, conversation, plan);
        lock (_gate)
        {
            _members = [.. _members, member];
            _receiving++;
        }

        return member;
    }

    /// <summary>Queues messages for all members but one.</summary>
    /// <param name="messages">Whole messages, framing included.</param>
    /// <param name="except">Who gets nothing; null for no one.</param>
    public void Broadcast(OutputBuffer messages, BroadcastMember? except)
    {
        foreach (var member in _members)
        {
            if (member != except)
            {
                member.Mailbox.AddBroadcast(messages);
            }
        }
    }

    /// <summary>Removes a member: it gets nothing more.</summary>
    public void Leave(BroadcastMember member)
    {
        lock (_gate)
        {
            _members = Array.FindAll(_members, other => other != member);
        }

        EndReceiving(member);
    }

    /// <summary>Notes that a member has received all that its client had sent when the server stopped.</summary>
    /// <returns>Whether the others have too: none sends anything more. When that changes, all are asked for their next step.</returns>
    public bool EndReceiving(BroadcastMember member)
    {
        lock (_gate)
        {
            if (member.HasEndedReceiving)
            {
                return _receiving == 0;
            }

            member.HasEndedReceiving = true;
            if (--_receiving > 0)
            {
                return false;
            }
        }

        foreach (var other in _members)
        {
            other.Mailbox.Wake();
        }

        return true;
    }
}
