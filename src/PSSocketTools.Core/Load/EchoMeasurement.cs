using System.Globalization;
using PSSocketTools.Load;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>The result of a load on a server: throughput, latencies in milliseconds, errors.</summary>
/// <remarks>
/// Without a rate the load is a closed loop: each connection keeps its window full and sends the next message when a response arrives.
/// A server that stalls therefore gets fewer messages meanwhile, and the stall counts once for each message in flight, not for
/// those that would have been sent: compare runs with the same connections and window. With a rate the loop is open: latencies
/// count from the moment that each message was due, and the service times, from when it was sent, are beside them.
/// </remarks>
public sealed class EchoMeasurement
{
    /// <summary>The share of the rate below which a server does not hold it; the end of a load takes a little of it anyway.</summary>
    private const double HeldShare = 0.95;

    // What falls behind steadily is as late at this share of its messages as at the last one, times the share.
    private const double SteadyShare = 0.9;

    internal const int Bars = 20;

    internal EchoMeasurement(LoadRun run, LoadFigures figures)
    {
        var (options, startedAt, duration) = run;
        EndPoint = options.Target.EndPointName;
        ComputerName = options.Target.ComputerName;
        Port = options.Target.Port;
        Protocol = options.Target.Protocol.ToString();
        Framing = options.Target.Framing.ToString();
        IsEncrypted = options.Target.UseTls;
        Connections = options.Connections;
        Window = options.Window;
        MessageSize = options.MessageSize;
        Interval = run.Interval;
        StartedAt = startedAt;
        DurationMilliseconds = duration.TotalMilliseconds;
        Messages = figures.Latencies.Count;
        Bytes = Messages * options.MessageSize;
        var seconds = duration.TotalSeconds;
        MessagesPerSecond = seconds > 0 ? Messages / seconds : 0;
        BytesPerSecond = seconds > 0 ? Bytes / seconds : 0;
        if (run.Due is { } due)
        {
            Rate = options.Rate;
            Unsent = Math.Max(0, due - figures.Sent);

            // What comes back after the last message was due is late, where the server fell behind, but not by what every response takes,
            // nor by a delay at the very end alone, which a busy machine has.
            var scheduled = (run.ScheduledTime ?? duration).TotalSeconds;
            var tail = Math.Max(0, Clock.Between(figures.FirstResponseAt, figures.LastResponseAt).TotalSeconds - scheduled);
            var steady = TimeSpan.FromTicks(figures.Latencies.Percentile(SteadyShare)).TotalSeconds / SteadyShare;
            AchievedRate = Messages / Math.Max(scheduled + Math.Min(tail, steady), 1e-6);
            IsSaturated = AchievedRate < HeldShare * due / Math.Max(scheduled, 1e-6);
        }

        Unanswered = figures.Unanswered;
        if (options.Target.Protocol == SocketProtocol.Udp)
        {
            (Lost, Duplicated, OutOfOrder) = (figures.Lost, figures.Duplicated, figures.OutOfOrder);
        }

        Errors = figures.Errors;
        Error = figures.Error;
        Latencies = figures.Latencies;
        ServiceTimes = Rate is null ? null : figures.ServiceTimes;
        ConnectTimes = figures.ConnectTimes;
    }

    /// <summary>What several measured together.</summary>
    private EchoMeasurement(IReadOnlyList<EchoMeasurement> parts)
    {
        var first = parts[0];
        EndPoint = MergedText(parts, static part => part.EndPoint);
        ComputerName = MergedText(parts, static part => part.ComputerName);
        Port = first.Port;
        Protocol = MergedText(parts, static part => part.Protocol);
        Framing = MergedText(parts, static part => part.Framing);
        IsEncrypted = parts.Any(static part => part.IsEncrypted);
        Connections = (int)Math.Min(int.MaxValue, parts.Sum(static part => (long)part.Connections));
        Window = parts.Max(static part => part.Window);
        MessageSize = parts.Max(static part => part.MessageSize);
        StartedAt = parts.Min(static part => part.StartedAt);
        DurationMilliseconds = parts.Max(static part => part.DurationMilliseconds);
        Messages = parts.Sum(static part => part.Messages);
        Bytes = parts.Sum(static part => part.Bytes);
        MessagesPerSecond = parts.Sum(static part => part.MessagesPerSecond);
        BytesPerSecond = parts.Sum(static part => part.BytesPerSecond);
        Rate = SumOf(parts, static part => part.Rate);
        AchievedRate = SumOf(parts, static part => part.AchievedRate);
        IsSaturated = parts.Any(static part => part.IsSaturated);
        Unsent = parts.Sum(static part => part.Unsent);
        Unanswered = parts.Sum(static part => part.Unanswered);
        Lost = SumOf(parts, static part => part.Lost);
        Duplicated = SumOf(parts, static part => part.Duplicated);
        OutOfOrder = SumOf(parts, static part => part.OutOfOrder);
        Errors = parts.Sum(static part => part.Errors);
        Error = parts.Select(static part => part.Error).FirstOrDefault(static error => error is not null);
        Latencies = Sum(parts, static part => part.Latencies);
        ServiceTimes = Rate is null ? null : Sum(parts, static part => part.ServiceTimes);
        ConnectTimes = Sum(parts, static part => part.ConnectTimes);
    }

    /// <summary>What another process measured.</summary>
    internal EchoMeasurement(MeasurementReader reader)
    {
        ComputerName = reader.Text(nameof(ComputerName));
        Port = reader.Small(nameof(Port));
        Protocol = reader.Text(nameof(Protocol));
        EndPoint = reader.Text(nameof(EndPoint));
        Framing = reader.Text(nameof(Framing));
        IsEncrypted = reader.Is(nameof(IsEncrypted));
        Connections = reader.Small(nameof(Connections));
        Window = reader.Small(nameof(Window));
        MessageSize = reader.Small(nameof(MessageSize));
        Interval = (int?)reader.NumberOrNull(nameof(Interval));
        StartedAt = reader.Moment(nameof(StartedAt));
        DurationMilliseconds = reader.Number(nameof(DurationMilliseconds));
        Messages = (long)reader.Number(nameof(Messages));
        Bytes = (long)reader.Number(nameof(Bytes));
        MessagesPerSecond = reader.Number(nameof(MessagesPerSecond));
        BytesPerSecond = reader.Number(nameof(BytesPerSecond));
        Rate = reader.NumberOrNull(nameof(Rate));
        AchievedRate = reader.NumberOrNull(nameof(AchievedRate));
        IsSaturated = reader.Is(nameof(IsSaturated));
        Unsent = (long)reader.Number(nameof(Unsent));
        Unanswered = (long)reader.Number(nameof(Unanswered));
        Lost = (long?)reader.NumberOrNull(nameof(Lost));
        Duplicated = (long?)reader.NumberOrNull(nameof(Duplicated));
        OutOfOrder = (long?)reader.NumberOrNull(nameof(OutOfOrder));
        Errors = (long)reader.Number(nameof(Errors));
        Error = reader.TextOrNull(nameof(Error));
        Latencies = reader.Counts(nameof(LatencyCounts));
        ServiceTimes = Rate is null ? null : reader.Counts(nameof(ServiceCounts));
        ConnectTimes = reader.Counts(nameof(ConnectCounts));
    }

    /// <summary>The server's name; of several, each once, with commas between.</summary>
    public string ComputerName { get; }

    /// <summary>The server's port.</summary>
    public int Port { get; }

    /// <summary>The server as an endpoint: <c>name:port</c>, or its socket's path.</summary>
    public string EndPoint { get; }

    /// <summary>What carried the bytes.</summary>
    public string Protocol { get; }

    /// <summary>Where messages ended.</summary>
    public string Framing { get; }

    /// <summary>Whether the bytes went through TLS.</summary>
    public bool IsEncrypted { get; }

    /// <summary>Connections at once.</summary>
    public int Connections { get; }

    /// <summary>Messages in flight on each connection, at most.</summary>
    public int Window { get; }

    /// <summary>Bytes of each message, framing not included.</summary>
    public int MessageSize { get; }

    /// <summary>Which interval of a load it measures, from 1; null for the whole.</summary>
    public int? Interval { get; }

    /// <summary>When the first message that counts was sent, in local time; all were connected before, and warm.</summary>
    public DateTime StartedAt { get; }

    /// <summary>The time from the first message to the last response, in milliseconds.</summary>
    public double DurationMilliseconds { get; }

    /// <summary>Messages whose response arrived complete and identical.</summary>
    public long Messages { get; }

    /// <summary>Bytes of those messages, counted once.</summary>
    public long Bytes { get; }

    /// <summary>Messages a second.</summary>
    public double MessagesPerSecond { get; }

    /// <summary>Bytes of messages a second, in one direction.</summary>
    public double BytesPerSecond { get; }

    /// <summary>How many messages a second were to be sent; null for a closed loop.</summary>
    public double? Rate { get; }

    /// <summary>How many responses a second arrived, in the time that messages were due and as much longer as the server fell behind; a delay at the very end alone does not count. Null for a closed loop.</summary>
    public double? AchievedRate { get; }

    /// <summary>Whether the server, the network or the client did not hold the rate: <see cref="AchievedRate"/> is less than 95 % of it.</summary>
    public bool IsSaturated { get; }

    /// <summary>Messages that were due and never sent, since the window had no room or there was no connection.</summary>
    public long Unsent { get; }

    /// <summary>Messages that were sent and had neither response nor error when the load ended: with a rate, three seconds or twice the quickest service time after the last was due; else at a cancellation.</summary>
    public long Unanswered { get; }

    /// <summary>The mean latency, in milliseconds; null, as the latencies that follow, when no response arrived.</summary>
    public double? MeanMilliseconds => Mean(Latencies);

    /// <summary>Half of the responses took no longer, in milliseconds.</summary>
    public double? P50Milliseconds => Share(Latencies, 0.5);

    /// <summary>90 % of the responses took no longer, in milliseconds.</summary>
    public double? P90Milliseconds => Share(Latencies, 0.9);

    /// <summary>99 % of the responses took no longer, in milliseconds.</summary>
    public double? P99Milliseconds => Share(Latencies, 0.99);

    /// <summary>99.9 % of the responses took no longer, in milliseconds.</summary>
    public double? P999Milliseconds => Share(Latencies, 0.999);

    /// <summary>The longest latency, in milliseconds.</summary>
    public double? MaxMilliseconds => Max(Latencies);

    /// <summary>The mean time from sending a message to its response, in milliseconds; null, as the service times that follow, for a closed loop, where it is the latency.</summary>
    public double? ServiceMeanMilliseconds => Mean(ServiceTimes);

    /// <summary>Half of the service times were no longer, in milliseconds.</summary>
    public double? ServiceP50Milliseconds => Share(ServiceTimes, 0.5);

    /// <summary>90 % of the service times were no longer, in milliseconds.</summary>
    public double? ServiceP90Milliseconds => Share(ServiceTimes, 0.9);

    /// <summary>99 % of the service times were no longer, in milliseconds.</summary>
    public double? ServiceP99Milliseconds => Share(ServiceTimes, 0.99);

    /// <summary>99.9 % of the service times were no longer, in milliseconds.</summary>
    public double? ServiceP999Milliseconds => Share(ServiceTimes, 0.999);

    /// <summary>The longest service time, in milliseconds.</summary>
    public double? ServiceMaxMilliseconds => Max(ServiceTimes);

    /// <summary>Half of the connections took no longer to be established, in milliseconds; null, as the times that follow, where none did.</summary>
    public double? ConnectP50Milliseconds => Share(ConnectTimes, 0.5);

    /// <summary>90 % of the connections took no longer, in milliseconds.</summary>
    public double? ConnectP90Milliseconds => Share(ConnectTimes, 0.9);

    /// <summary>99 % of the connections took no longer, in milliseconds.</summary>
    public double? ConnectP99Milliseconds => Share(ConnectTimes, 0.99);

    /// <summary>The longest time that a connection took, in milliseconds.</summary>
    public double? ConnectMaxMilliseconds => Max(ConnectTimes);

    /// <summary>Datagrams whose response did not arrive in time; null where there are none.</summary>
    public long? Lost { get; }

    /// <summary>Responses to datagrams that had one before.</summary>
    public long? Duplicated { get; }

    /// <summary>Responses that arrived after the response to a later datagram.</summary>
    public long? OutOfOrder { get; }

    /// <summary>Messages without a response or with a wrong one, and connections that failed.</summary>
    public long Errors { get; }

    /// <summary>The first error.</summary>
    public string? Error { get; }

    /// <summary>How the latencies are distributed.</summary>
    public IReadOnlyList<LatencyBucket> Histogram => Latencies.ToBuckets(Bars);

    /// <summary>All latencies as text, accurate to 3 %, so that measurements of several processes can be merged: the sum and the longest in ticks of 100 ns, then number and count of each bucket.</summary>
    public string LatencyCounts => Latencies.ToText();

    /// <summary>All service times as such a text; null for a closed loop.</summary>
    public string? ServiceCounts => ServiceTimes?.ToText();

    /// <summary>All times of connecting as such a text.</summary>
    public string ConnectCounts => ConnectTimes.ToText();

    internal LatencyHistogram Latencies { get; }

    internal LatencyHistogram? ServiceTimes { get; }

    internal LatencyHistogram ConnectTimes { get; }

    /// <summary>Makes one of several that measured at the same time: counts, rates and distributions add up, and the duration is the longest.</summary>
    /// <param name="parts">At least one.</param>
    public static EchoMeasurement Merge(IReadOnlyList<EchoMeasurement> parts) => new(parts);

    /// <summary>Reads what another process measured from its properties.</summary>
    /// <param name="property">Gives a property's value; null where there is none.</param>
    /// <exception cref="SocketToolsException">InvalidOption: a property is missing, or is not what it was.</exception>
    public static EchoMeasurement Read(Func<string, object?> property) => new(new MeasurementReader(property));

    /// <summary>The figures and a histogram as text for a terminal.</summary>
    public string Draw() => MeasurementDrawing.Of(this);

    /// <inheritdoc/>
    public override string ToString() => string.Format(CultureInfo.CurrentCulture, "{0} {1:n0}/s", OutsideText.Clean(EndPoint), MessagesPerSecond);

    private static double? Mean(LatencyHistogram? histogram) => histogram is { Count: > 0 } ? LatencyHistogram.Milliseconds(histogram.MeanTicks) : null;

    private static double? Share(LatencyHistogram? histogram, double share) =>
        histogram is { Count: > 0 } ? LatencyHistogram.Milliseconds(histogram.Percentile(share)) : null;

    private static double? Max(LatencyHistogram? histogram) => histogram is { Count: > 0 } ? LatencyHistogram.Milliseconds(histogram.MaxTicks) : null;

    private static string MergedText(IReadOnlyList<EchoMeasurement> parts, Func<EchoMeasurement, string> text) =>
        string.Join(", ", parts.Select(text).Distinct(StringComparer.OrdinalIgnoreCase));

    private static double? SumOf(IReadOnlyList<EchoMeasurement> parts, Func<EchoMeasurement, double?> number) =>
        parts.All(part => number(part) is null) ? null : parts.Sum(number);

    private static long? SumOf(IReadOnlyList<EchoMeasurement> parts, Func<EchoMeasurement, long?> number) =>
        parts.All(part => number(part) is null) ? null : parts.Sum(number);

    private static LatencyHistogram Sum(IReadOnlyList<EchoMeasurement> parts, Func<EchoMeasurement, LatencyHistogram?> histogram)
    {
        var sum = new LatencyHistogram();
        foreach (var part in parts)
        {
            if (histogram(part) is { } counted)
            {
                sum.Add(counted);
            }
        }

        return sum;
    }
}
