namespace PSSocketTools.Client;

/// <summary>The answers a server owes, in the order in which it will give them. For one thread at a time, but for <see cref="Bytes"/>.</summary>
internal sealed class OwedAnswers
{
    private readonly Queue<Exchange> _exchanges = new();
    private Exchange? _last;
    private long _bytes;

    /// <summary>The bytes of the messages that are not answered yet.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public bool Any => _exchanges.Count > 0;

    /// <summary>The one that comes last; null when none is owed.</summary>
    public Exchange? Last => Any ? _last : null;

    /// <summary>Owes another; joined, its answer comes as one with the first that is owed.</summary>
    public void Add(Exchange exchange, bool joined)
    {
        _bytes += exchange.BytesSent;
        if (joined)
        {
            _exchanges.Peek().JoinedBytes += exchange.BytesSent;
        }
        else
        {
            _exchanges.Enqueue(exchange);
            _last = exchange;
        }
    }

    /// <summary>The one whose answer has come; null when none is owed.</summary>
    public Exchange? Take()
    {
        if (!Any)
        {
            return null;
        }

        var exchange = _exchanges.Dequeue();
        _bytes -= exchange.BytesSent + exchange.JoinedBytes;
        return exchange;
    }

    /// <summary>Whether a sender waits for one of them.</summary>
    public bool AreWaitedForBy(SendWindow owner) => _exchanges.Any(exchange => exchange.Owner == owner && exchange.Waited);

    /// <summary>Leaves a sender's answers to whoever receives what nobody waits for.</summary>
    public void Disown(SendWindow owner)
    {
        foreach (var exchange in _exchanges)
        {
            if (exchange.Owner == owner)
            {
                exchange.Waited = false;
            }
        }
    }

    /// <summary>None of them will come.</summary>
    public void Fail(SocketToolsException error)
    {
        foreach (var exchange in _exchanges)
        {
            exchange.Fail(error);
        }

        _exchanges.Clear();
        _bytes = 0;
    }
}
