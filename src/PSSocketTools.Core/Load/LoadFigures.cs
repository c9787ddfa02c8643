namespace PSSocketTools.Load;

/// <summary>What one connection of a load counts, or all of them together. For one writer; others may read meanwhile.</summary>
internal sealed class LoadFigures
{
    /// <summary>From when a message was due until its response; without a rate, from when it was sent.</summary>
    public LatencyHistogram Latencies { get; } = new();

    /// <summary>From when a message was sent, where there is a rate.</summary>
    public LatencyHistogram ServiceTimes { get; private init; } = new();

    /// <summary>How long connecting took.</summary>
    public LatencyHistogram ConnectTimes { get; private init; } = new();

    public long Sent { get; set; }

    public long Errors { get; private set; }

    /// <summary>Messages that had no response, and no error, when the load ended.</summary>
    public long Unanswered { get; set; }

    /// <summary>Datagrams without a response in time.</summary>
    public long Lost { get; set; }

    /// <summary>Responses to datagrams that had one.</summary>
    public long Duplicated { get; set; }

    /// <summary>Responses that arrived after the response to a later datagram.</summary>
    public long OutOfOrder { get; set; }

    /// <summary>The first error.</summary>
    public string? Error { get; private set; }

    /// <summary>When the first counted response arrived: a <see cref="Platform.Clock.Timestamp"/>; 0 before it.</summary>
    public long FirstResponseAt { get; private set; }

    public long LastResponseAt { get; private set; }

    /// <summary>Counts the error of an exchange that is done, which may be that its response is not its message; false when it has one.</summary>
    public bool Passes(Exchange exchange)
    {
        if (exchange.Error is { } error)
        {
            // What else a timeout tells is advice for who goes on with the session.
            Fail(error.Error == SocketToolsError.ResponseTimeout ? Net.Messages.First(error.Message) : error.Message);
            return false;
        }

        if (!((byte[])exchange.Result!.Message!).SequenceEqual((byte[])exchange.Result.Response!))
        {
            Fail(Net.Messages.Get("ResponseDiffers", exchange.Result.BytesReceived));
            return false;
        }

        return true;
    }

    public void Fail(string error)
    {
        Errors++;
        Error ??= error;
    }

    /// <summary>Counts a response, and when it arrived.</summary>
    public void AddResponse(long at, TimeSpan latency)
    {
        Latencies.Add(latency);
        LastResponseAt = at;
        if (FirstResponseAt == 0)
        {
            FirstResponseAt = at;
        }
    }

    public void Add(LoadFigures other)
    {
        Latencies.Add(other.Latencies);
        ServiceTimes.Add(other.ServiceTimes);
        ConnectTimes.Add(other.ConnectTimes);
        Sent += other.Sent;
        Errors += other.Errors;
        Unanswered += other.Unanswered;
        Lost += other.Lost;
        Duplicated += other.Duplicated;
        OutOfOrder += other.OutOfOrder;
        Error ??= other.Error;
        LastResponseAt = Math.Max(LastResponseAt, other.LastResponseAt);
        if (FirstResponseAt == 0 || (other.FirstResponseAt != 0 && other.FirstResponseAt < FirstResponseAt))
        {
            FirstResponseAt = other.FirstResponseAt;
        }
    }

    /// <summary>What was counted since an earlier sum of the same connections.</summary>
    public LoadFigures Since(LoadFigures earlier)
    {
        var difference = new LoadFigures
        {
            ServiceTimes = ServiceTimes.Since(earlier.ServiceTimes),
            ConnectTimes = ConnectTimes.Since(earlier.ConnectTimes),
            Sent = Sent - earlier.Sent,
            Errors = Errors - earlier.Errors,
            Unanswered = Unanswered - earlier.Unanswered,
            Lost = Lost - earlier.Lost,
            Duplicated = Duplicated - earlier.Duplicated,
            OutOfOrder = OutOfOrder - earlier.OutOfOrder,
            Error = Errors > earlier.Errors ? Error : null,
        };
        difference.Latencies.Add(Latencies.Since(earlier.Latencies));
        return difference;
    }
}
