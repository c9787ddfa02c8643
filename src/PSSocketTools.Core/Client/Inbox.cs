namespace PSSocketTools.Client;

/// <summary>Messages nobody waited for, in the order in which they came, within a limit. For one thread at a time.</summary>
internal sealed class Inbox(long limit)
{
    private readonly Queue<Unread> _messages = new();
    private long _bytes;

    /// <summary>Keeps a message; false when that is more than is to be kept.</summary>
    public bool Add(Unread message)
    {
        _messages.Enqueue(message);
        _bytes += message.Cost;
        return _bytes <= limit;
    }

    /// <summary>The oldest message; null when there is none.</summary>
    public Unread? Take()
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
