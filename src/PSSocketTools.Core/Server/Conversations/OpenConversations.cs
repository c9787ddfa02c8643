namespace PSSocketTools.Server.Conversations;

/// <summary>A server's conversations from their Connected to their Disconnected event, for whoever asks which there are.</summary>
internal sealed class OpenConversations
{
    private readonly Dictionary<int, Conversation> _byConnection = [];

    /// <summary>The conversations, in the order of connecting.</summary>
    public Conversation[] All()
    {
        lock (_byConnection)
        {
            return [.. _byConnection.Values.OrderBy(static conversation => conversation.Client.Id)];
        }
    }

    public void Add(Conversation conversation)
    {
        lock (_byConnection)
        {
            _byConnection.Add(conversation.Client.Id, conversation);
        }
    }

    public void Remove(Conversation conversation)
    {
        lock (_byConnection)
        {
            _byConnection.Remove(conversation.Client.Id);
        }
    }
}
