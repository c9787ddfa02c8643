namespace PSSocketTools.Server.Conversations;

/// <summary>What runs a conversation, as others ask it for something. From any thread.</summary>
internal interface IConversationDriver
{
    /// <summary>Has the conversation asked for its next step, if it waits.</summary>
    void Wake();

    /// <summary>Ends the conversation: in order, once no response is pending, or by a reset.</summary>
    void RequestEnd(bool reset);
}
