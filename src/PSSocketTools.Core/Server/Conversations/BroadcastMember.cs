using PSSocketTools.Platform;

namespace PSSocketTools.Server.Conversations;

/// <summary>One conversation's place in a room. For its driver alone, but for the queue.</summary>
internal sealed class BroadcastMember(BroadcastGroup room, Conversation conversation, ConversationPlan plan) : IDisposable
{
    private readonly ResponseBuffer _said = new(plan.Writer);
    private bool _hasLeft;

    /// <summary>What others say is queued here.</summary>
    public Mailbox Mailbox { get; } = conversation.Mailbox;

    /// <summary>What it has said since the last <see cref="Relay"/>, framed as what is sent unsolicited: it goes to the others at once.</summary>
    public ResponseBuffer Said => _said;

    /// <summary>Whether it has received all before a stop. For the room alone.</summary>
    public bool HasEndedReceiving { get; set; }

    /// <summary>Says one message.</summary>
    public void Say(byte[] content) => plan.AppendUnsolicited(_said, content);

    /// <summary>Queues what it has said for the others.</summary>
    public void Relay()
    {
        if (_said.Count > 0)
        {
            room.Broadcast(_said, except: plan.Options.IncludesSender ? null : this);
            _said.Clear();
        }
    }

    /// <summary>Tells the others of the client: its greeting or its farewell.</summary>
    public void Announce(Notice? notice, Clock clock)
    {
        if (notice is not null)
        {
            Relay();
            Say(notice.For(conversation.Client, clock));
            room.Broadcast(_said, except: this);
            _said.Clear();
        }
    }

    /// <summary>Leaves the room, once.</summary>
    /// <param name="farewell">What the others are told; null for nothing.</param>
    /// <param name="clock">The clock that tells when.</param>
    public void Leave(Notice? farewell, Clock clock)
    {
        if (_hasLeft)
        {
            return;
        }

        _hasLeft = true;
        Relay();
        room.Leave(this);
        Announce(farewell, clock);
    }

    /// <summary>Whether a conversation that is done has to wait, while the server stops, for what the others are still to say.</summary>
    public bool AwaitsOthers() => !room.EndReceiving(this);

    /// <inheritdoc/>
    public void Dispose() => _said.Dispose();
}
