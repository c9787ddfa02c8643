using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Resources;

namespace PSSocketTools;

/// <summary>
/// The place in a timeline after which events are wanted: an event, its number, or a time. It converts from these by itself, so that
/// mocks and proxy functions, which keep a parameter's type but not its transformation, take what the cmdlet takes.
/// </summary>
public sealed class EventPosition
{
    private readonly int? _serverId;

    /// <summary>Takes an event.</summary>
    /// <param name="serverEvent">The event.</param>
    public EventPosition(ServerEvent serverEvent)
        : this((serverEvent ?? throw new ArgumentNullException(nameof(serverEvent))).Sequence, serverEvent.ServerId)
    {
    }

    /// <summary>Takes the number of an event.</summary>
    /// <param name="sequence">Its number, of one server; 0 for the place before the first.</param>
    public EventPosition(long sequence)
        : this(sequence, null)
    {
    }

    /// <summary>Takes a time.</summary>
    /// <param name="time">The time.</param>
    public EventPosition(DateTimeOffset time) => Time = time;

    /// <summary>Takes a time.</summary>
    /// <param name="time">The time; local where it does not say.</param>
    public EventPosition(DateTime time)
        : this(new DateTimeOffset(time))
    {
    }

    private EventPosition(long sequence, int? serverId)
    {
        Sequence = sequence;
        _serverId = serverId;
    }

    /// <summary>The event's number; null for a time.</summary>
    public long? Sequence { get; }

    /// <summary>The time; null for an event.</summary>
    public DateTimeOffset? Time { get; }

    /// <summary>Reads a number or a time.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">It is neither.</exception>
    public static EventPosition Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? new(sequence)
        : LanguagePrimitives.TryConvertTo<DateTimeOffset>(text, CultureInfo.InvariantCulture, out var time) ? new(time)
        : throw new ArgumentException(Messages.Get("AfterNotUnderstood", text));

    /// <summary>Whether it is a place in the timeline of all these servers: an event's number is one of its own server alone.</summary>
    internal bool IsIn(IReadOnlyList<EchoServer> servers) =>
        Time is not null || servers.Count == 0 || (servers.Count == 1 && (_serverId ?? servers[0].Id) == servers[0].Id);

    /// <summary>Takes what can be a place, an event that came through a remoting hop included.</summary>
    /// <exception cref="ArgumentException">This can't.</exception>
    internal static EventPosition From(object? value) => Argument.BaseOf(value) switch
    {
        EventPosition position => position,
        ServerEvent serverEvent => new(serverEvent),
        int number => new(number),
        long number => new(number),
        DateTime time => new(time),
        DateTimeOffset time => new(time),
        string text => Parse(text),
        _ when value is PSObject hopped && hopped.Properties["Sequence"]?.Value is long sequence && hopped.Properties["ServerId"]?.Value is int server =>
            new(sequence, server),
        var other => throw new ArgumentException(Messages.Get("AfterNotUnderstood", other)),
    };
}
