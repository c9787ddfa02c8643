namespace PSSocketTools.Client;

/// <summary>Requests whose responses have not arrived yet, in order. For one thread at a time, except <see cref="Bytes"/>.</summary>
internal sealed class PendingRequests
{
    private readonly Queue<Exchange> _exchanges = new();
    private Exchange? _last;
    private long _bytes;

    /// <summary>The size in bytes of these requests.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public bool Any => _exchanges.Count > 0;

    /// <summary>The newest; null when none is pending.</summary>
    public Exchange? Last => Any ? _last : null;

    /// <summary>Adds a request; a joined one gets its response together with the oldest.</summary>
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

    /// <summary>Removes the oldest; null when none is pending.</summary>
    public Exchange? Take()
    {
        if (!Any)
        {
            return null;
        }

        var exchange = _exchanges.Dequeue();
        _bytes -= exchange.BytesSent + exchange.JoinedBytes;
        exchange.IsAnswered = true;
        return exchange;
    }

    /// <summary>Whether a sender waits for one of them.</summary>
    public bool AnyAwaitedBy(object owner) => _exchanges.Any(exchange => exchange.Owner == owner && exchange.IsAwaited);

    /// <summary>How many stand before the first that its sender waits for.</summary>
    public int CountUnawaited() => _exchanges.TakeWhile(static exchange => !exchange.IsAwaited).Count();

    /// <summary>Lets the responses to a sender's requests arrive as unsolicited messages.</summary>
    public void Abandon(object owner)
    {
        foreach (var exchange in _exchanges)
        {
            if (exchange.Owner == owner)
            {
                exchange.IsAwaited = false;
            }
        }
    }

    /// <summary>Fails all of them.</summary>
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
