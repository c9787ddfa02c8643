using System.Globalization;
using PSSocketTools.Net;

namespace PSSocketTools.Load;

/// <summary>Reads a measurement's properties as they come out of remoting, JSON or CSV: numbers and moments there may be text.</summary>
internal sealed class MeasurementReader(Func<string, object?> property)
{
    private const double HighestNumber = 1e15;
    private const int HighestSmall = 1_000_000_000;

    public string Text(string name) => TextOrNull(name) ?? throw Missing(name);

    public string? TextOrNull(string name) => property(name) is { } value && Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;

    public double Number(string name) => NumberOrNull(name) ?? throw Missing(name);

    /// <summary>Reads a number, none of which a measurement has below zero, or so large that a sum of many could overflow.</summary>
    public double? NumberOrNull(string name) => TextOrNull(name) is not { } text ? null
        : (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || double.TryParse(text, NumberStyles.Float, CultureInfo.CurrentCulture, out number))
        && number is >= 0 and <= HighestNumber ? number
        : throw Missing(name);

    /// <summary>Reads a number of connections, a size or the like.</summary>
    public int Small(string name) => Number(name) is <= HighestSmall and var number ? (int)number : throw Missing(name);

    public bool Is(string name) => bool.TryParse(Text(name), out var value) ? value : throw Missing(name);

    public DateTime Moment(string name) => property(name) switch
    {
        DateTime moment => moment,
        { } value when DateTime.TryParse(Convert.ToString(value, CultureInfo.CurrentCulture), CultureInfo.CurrentCulture, DateTimeStyles.None, out var moment) => moment,
        _ => throw Missing(name),
    };

    public LatencyHistogram Counts(string name) => LatencyHistogram.Read(Text(name)) ?? throw Missing(name);

    private static SocketToolsException Missing(string name) => new(SocketToolsError.InvalidOption, Messages.Get("MeasurementNotRead", name));
}
