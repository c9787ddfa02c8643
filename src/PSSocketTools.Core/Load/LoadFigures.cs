namespace PSSocketTools.Load;

/// <summary>What one connection of a load counts, or all of them together. For one writer; others may read meanwhile.</summary>
internal sealed class LoadFigures
{
    /// <summary>From the moment a message was to be sent until its response: with a rate its scheduled one, without one when it was sent.</summary>
    public LatencyHistogram Latencies { get; } = new();

    /// <summary>From the moment a message was sent, where there is a rate.</summary>
    public LatencyHistogram Services { get; private init; } = new();

    /// <summary>How long connecting took.</summary>
    public LatencyHistogram Connects { get; private init; } = new();

    public long Sent { get; set; }

    public long Errors { get; set; }

    /// <summary>Messages that had no response, and no error, when the load ended.</summary>
    public long Unanswered { get; set; }

    /// <summary>Datagrams without a response in time.</summary>
    public long Lost { get; set; }

    /// <summary>Responses to datagrams that had one.</summary>
    public long Duplicated { get; set; }

    /// <summary>Responses that came after that to a later datagram.</summary>
    public long OutOfOrder { get; set; }

    /// <summary>The first error.</summary>
    public string? Error { get; set; }

    /// <summary>When the first counted response came: a <see cref="Platform.Clock.Timestamp"/>; 0 before it.</summary>
    public long FirstAnswerAt { get; set; }

    public long LastAnswerAt { get; set; }

    public void Fail(string error)
    {
        Errors++;
        Error ??= error;
    }

    public void Answered(long at, TimeSpan latency)
    {
        Latencies.Add(latency);
        LastAnswerAt = at;
        if (FirstAnswerAt == 0)
        {
            FirstAnswerAt = at;
        }
    }

    public void Add(LoadFigures other)
    {
        Latencies.Add(other.Latencies);
        Services.Add(other.Services);
        Connects.Add(other.Connects);
        Sent += other.Sent;
        Errors += other.Errors;
        Unanswered += other.Unanswered;
        Lost += other.Lost;
        Duplicated += other.Duplicated;
        OutOfOrder += other.OutOfOrder;
        Error ??= other.Error;
        LastAnswerAt = Math.Max(LastAnswerAt, other.LastAnswerAt);
        if (FirstAnswerAt == 0 || (other.FirstAnswerAt != 0 && other.FirstAnswerAt < FirstAnswerAt))
        {
            FirstAnswerAt = other.FirstAnswerAt;
        }
    }

    /// <summary>What was counted since an earlier sum of the same connections.</summary>
    public LoadFigures Since(LoadFigures earlier)
    {
        var difference = new LoadFigures
        {
            Services = Services.Since(earlier.Services),
            Connects = Connects.Since(earlier.Connects),
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
