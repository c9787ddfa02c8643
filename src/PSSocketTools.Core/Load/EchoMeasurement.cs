using System.Globalization;
using System.Text;
using PSSocketTools.Load;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>The result of a load on a server: throughput, latencies in milliseconds, errors.</summary>
/// <remarks>
/// The load is a closed loop: each connection keeps its window full and sends the next message when a response arrives.
/// A server that stalls therefore gets fewer messages meanwhile, and the stall counts once for each message in flight, not for
/// those that would have been sent: compare runs with the same connections and window.
/// </remarks>
public sealed class EchoMeasurement
{
    private const int Bars = 20;
    private const int BarWidth = 30;

    private readonly string _endPoint;

    internal EchoMeasurement(EchoLoadOptions options, DateTime startedAt, TimeSpan duration, LatencyHistogram latencies, long errors, string? error)
    {
        _endPoint = options.Target.EndPointName;
        ComputerName = options.Target.ComputerName;
        Port = options.Target.Port;
        Protocol = options.Target.Protocol.ToString();
        Framing = options.Target.Framing.ToString();
        IsEncrypted = options.Target.UseTls;
        Connections = options.Connections;
        Window = options.Window;
        MessageSize = options.MessageSize;
        StartedAt = startedAt;
        DurationMilliseconds = duration.TotalMilliseconds;
        Messages = latencies.Count;
        Bytes = latencies.Count * options.MessageSize;
        var seconds = duration.TotalSeconds;
        MessagesPerSecond = seconds > 0 ? Messages / seconds : 0;
        BytesPerSecond = seconds > 0 ? Bytes / seconds : 0;
        if (Messages > 0)
        {
            MeanMilliseconds = LatencyHistogram.Milliseconds(latencies.MeanTicks);
            P50Milliseconds = LatencyHistogram.Milliseconds(latencies.Percentile(0.5));
            P90Milliseconds = LatencyHistogram.Milliseconds(latencies.Percentile(0.9));
            P99Milliseconds = LatencyHistogram.Milliseconds(latencies.Percentile(0.99));
            P999Milliseconds = LatencyHistogram.Milliseconds(latencies.Percentile(0.999));
            MaxMilliseconds = LatencyHistogram.Milliseconds(latencies.MaxTicks);
        }

        Errors = errors;
        Error = error;
        Histogram = latencies.ToBuckets(Bars);
    }

    /// <summary>The server's name.</summary>
    public string ComputerName { get; }

    /// <summary>The server's port.</summary>
    public int Port { get; }

    /// <summary>What carried the bytes.</summary>
    public string Protocol { get; }

    /// <summary>Where messages ended.</summary>
    public string Framing { get; }

    /// <summary>Whether the bytes went through TLS.</summary>
    public bool IsEncrypted { get; }

    /// <summary>Connections at once.</summary>
    public int Connections { get; }

    /// <summary>Messages in flight on each connection.</summary>
    public int Window { get; }

    /// <summary>Bytes of each message, framing not included.</summary>
    public int MessageSize { get; }

    /// <summary>When the first message was sent, in local time; all were connected before.</summary>
    public DateTime StartedAt { get; }

    /// <summary>The time from the first message to the last response, in milliseconds.</summary>
    public double DurationMilliseconds { get; }

    /// <summary>Messages whose response arrived complete and identical.</summary>
    public long Messages { get; }

    /// <summary>Bytes of those messages, counted once.</summary>
    public long Bytes { get; }

    /// <summary>Messages a second.</summary>
    public double MessagesPerSecond { get; }

    /// <summary>Bytes a second, in one direction.</summary>
    public double BytesPerSecond { get; }

    /// <summary>The mean latency, in milliseconds; null, as the latencies that follow, when no response arrived.</summary>
    public double? MeanMilliseconds { get; }

    /// <summary>Half of the responses took no longer, in milliseconds.</summary>
    public double? P50Milliseconds { get; }

    /// <summary>90 % of the responses took no longer, in milliseconds.</summary>
    public double? P90Milliseconds { get; }

    /// <summary>99 % of the responses took no longer, in milliseconds.</summary>
    public double? P99Milliseconds { get; }

    /// <summary>99.9 % of the responses took no longer, in milliseconds.</summary>
    public double? P999Milliseconds { get; }

    /// <summary>The longest latency, in milliseconds.</summary>
    public double? MaxMilliseconds { get; }

    /// <summary>Messages without a response or with a wrong one, and connections that failed.</summary>
    public long Errors { get; }

    /// <summary>The first error.</summary>
    public string? Error { get; }

    /// <summary>How the latencies are distributed.</summary>
    public IReadOnlyList<LatencyBucket> Histogram { get; }

    /// <summary>The figures and a histogram as text for a terminal.</summary>
    public string Draw()
    {
        var text = new StringBuilder();
        text.AppendLine(Sentence("MeasurementWhat", _endPoint, Protocol, IsEncrypted ? " TLS" : string.Empty, Connections, Window, MessageSize));
        text.AppendLine(Sentence("MeasurementThroughput", Messages, DurationMilliseconds / 1000, MessagesPerSecond, BytesPerSecond / 1e6, Errors));
        if (Messages > 0)
        {
            text.AppendLine(Sentence("MeasurementLatency", P50Milliseconds, P90Milliseconds, P99Milliseconds, P999Milliseconds, MaxMilliseconds));
        }

        if (Error is not null)
        {
            text.AppendLine(Sentence("MeasurementError", Error));
        }

        var most = Histogram.Select(bucket => bucket.Count).DefaultIfEmpty().Max();
        foreach (var bucket in Histogram)
        {
            var length = bucket.Count == 0 ? 0 : Math.Max(1, (int)Math.Round((double)BarWidth * bucket.Count / most));
            text.Append(string.Format(CultureInfo.CurrentCulture, "{0,9:0.000} - {1,9:0.000} ms ", bucket.FromMilliseconds, bucket.ToMilliseconds));
            text.Append('\u2588', length).Append(' ', BarWidth - length + 1);
            text.AppendLine(string.Format(CultureInfo.CurrentCulture, "{0,12:n0}", bucket.Count));
        }

        return text.ToString().TrimEnd();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Format(CultureInfo.CurrentCulture, "{0} {1:n0}/s", OutsideText.Clean(_endPoint), MessagesPerSecond);

    private static string Sentence(string name, params object?[] values) => Net.Messages.Get(name, values);
}
