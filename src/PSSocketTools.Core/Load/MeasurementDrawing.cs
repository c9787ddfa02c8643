using System.Globalization;
using System.Text;

namespace PSSocketTools.Load;

/// <summary>A measurement as text for a terminal of 80 columns: its figures, and its distributions as bars; an interval is one line.</summary>
internal static class MeasurementDrawing
{
    private const char Bar = '\u2588';
    private const int BarWidth = 30;

    // Beside each other, two bars and their counts have the room of one.
    private const int BarWidthBeside = 15;

    public static string Of(EchoMeasurement measured)
    {
        if (measured.Interval is { } interval)
        {
            return Figures(
                "MeasurementInterval", interval, measured.MessagesPerSecond, measured.P50Milliseconds, measured.P99Milliseconds, measured.MaxMilliseconds, measured.Errors);
        }

        var text = new StringBuilder();
        var tls = measured.IsEncrypted ? " TLS" : string.Empty;
        text.AppendLine(measured.Rate is not null
            ? Sentence("MeasurementWhatAtRate", measured.EndPoint, measured.Protocol, tls, measured.Connections, measured.Window, measured.MessageSize)
            : Sentence("MeasurementWhat", measured.EndPoint, measured.Protocol, tls, measured.Connections, measured.Window, measured.MessageSize));
        text.AppendLine(Figures(
            "MeasurementThroughput", measured.Messages, measured.DurationMilliseconds / 1000, measured.MessagesPerSecond, measured.BytesPerSecond / 1e6, measured.Errors));
        if (measured.Rate is not null)
        {
            text.AppendLine(Figures(measured.IsSaturated ? "MeasurementRateNotHeld" : "MeasurementRateHeld", measured.AchievedRate, measured.Unsent, measured.Rate, measured.Unanswered));
        }

        if (measured.Lost is not null)
        {
            text.AppendLine(Sentence("MeasurementDatagrams", measured.Lost, measured.Duplicated, measured.OutOfOrder));
        }

        if (measured.Messages > 0)
        {
            text.AppendLine(Figures(
                "MeasurementLatency", Short(measured.P50Milliseconds), Short(measured.P90Milliseconds), Short(measured.P99Milliseconds), Short(measured.P999Milliseconds),
                Short(measured.MaxMilliseconds)));
            if (measured.ServiceTimes is not null)
            {
                text.AppendLine(Figures(
                    "MeasurementService", Short(measured.ServiceP50Milliseconds), Short(measured.ServiceP90Milliseconds), Short(measured.ServiceP99Milliseconds),
                    Short(measured.ServiceP999Milliseconds), Short(measured.ServiceMaxMilliseconds)));
            }
        }

        // Where nothing was answered, the error is the warning that came with the measurement.
        if (measured.Error is not null && measured.Messages > 0)
        {
            text.AppendLine(Sentence("MeasurementError", measured.Error));
        }

        AppendBars(text, measured);
        return text.ToString().TrimEnd();
    }

    private static void AppendBars(StringBuilder text, EchoMeasurement measured)
    {
        var latencies = measured.Latencies.ToBuckets(EchoMeasurement.Bars, measured.ServiceTimes);
        var services = measured.ServiceTimes?.ToBuckets(EchoMeasurement.Bars, measured.Latencies);
        if (services is not null && latencies.Length > 0)
        {
            text.Append(' ', 26).AppendLine(Sentence("MeasurementBeside"));
        }

        var most = Math.Max(Most(latencies), services is null ? 0 : Most(services));
        for (var at = 0; at < latencies.Length; at++)
        {
            text.Append(string.Format(CultureInfo.CurrentCulture, "{0,9:0.000} - {1,9:0.000} ms ", latencies[at].FromMilliseconds, latencies[at].ToMilliseconds));
            if (services is null)
            {
                AppendBar(text, latencies[at].Count, most, BarWidth, 12);
            }
            else
            {
                AppendBar(text, latencies[at].Count, most, BarWidthBeside, 10);
                AppendBar(text.Append(' '), services[at].Count, most, BarWidthBeside, 10);
            }

            text.AppendLine();
        }
    }

    private static void AppendBar(StringBuilder text, long count, long most, int width, int digits)
    {
        var length = count == 0 ? 0 : Math.Max(1, (int)Math.Round((double)width * count / most));
        text.Append(Bar, length).Append(' ', width - length + 1);
        text.Append(string.Format(CultureInfo.CurrentCulture, "{0:n0}", count).PadLeft(digits));
    }

    /// <summary>Thousandths where they say something: of what took longer than a tenth of a second they don't, and a line has 80 columns.</summary>
    private static string? Short(double? milliseconds) =>
        milliseconds?.ToString(milliseconds < 100 ? "0.000" : "0", CultureInfo.CurrentCulture);

    private static long Most(LatencyBucket[] buckets) => buckets.Select(static bucket => bucket.Count).DefaultIfEmpty().Max();

    /// <summary>A sentence of figures, whose last value stands between them: a comma would read as one of their decimal marks in many cultures.</summary>
    private static string Figures(string name, params object?[] values) =>
        Sentence(name, [.. values, CultureInfo.CurrentCulture.NumberFormat.NumberDecimalSeparator == "," ? ";" : ","]);

    private static string Sentence(string name, params object?[] values) => Net.Messages.Get(name, values);
}
