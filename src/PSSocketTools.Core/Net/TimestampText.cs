using System.Globalization;

namespace PSSocketTools.Net;

/// <summary>Formats points in time as text that sorts by time, independent of the time zone.</summary>
internal static class TimestampText
{
    /// <summary>UTC in ISO 8601, always with seven digits of the second and a Z.</summary>
    public static string ToUtcText(this DateTimeOffset moment) => moment.UtcDateTime.ToString("o", CultureInfo.InvariantCulture);
}
