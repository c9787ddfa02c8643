namespace PSSocketTools.Client;

/// <summary>Unsolicited messages in the order of arrival, within a limit. For one thread at a time.</summary>
internal sealed class Inbox(long limit)
{
    private readonly Queue<InboxMessage> _messages = new();
    private long _bytes;

    /// <summary>Adds a message; false when the limit is exceeded.</summary>
    public bool Add(InboxMessage message)
    {
        _messages.Enqueue(message);
        _bytes += message.Cost;
        return _bytes <= limit;
    }

    /// <summary>Removes the oldest; null when there is none.</summary>
    public InboxMessage? Take()
    {
        if (_messages.Count == 0)
        {
            return null;
        }

        var message = _messages.Dequeue();
        _bytes -= message.Cost;
        return message;
    }
}
