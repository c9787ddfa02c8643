using System.Globalization;
using System.Management.Automation.Host;
using System.Management.Automation;
using System.Text;
using PSSocketTools.Binding;

namespace PSSocketTools;

/// <summary>
/// The table cells that show more than a property. They take single values, since after a remoting hop an object has properties
/// without methods, and only strings and numbers have their types.
/// </summary>
public static class ViewCell
{
    private const string TimeFormat = "HH:mm:ss.fff";

    // The columns before the last one of the table of events.
    private const int EventColumns = 59;

    /// <summary>A state, a status or an event's kind, in its colour where the screen has colours.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="style">The session's PSStyle; nothing in Windows PowerShell.</param>
    /// <param name="reason">The reason, or nothing.</param>
    /// <param name="before">In the last column of a table, the columns before it.</param>
    /// <param name="host">The session's host, with <paramref name="before"/>.</param>
    public static string State(string? name, object? style, string? reason = null, int before = 0, PSHost? host = null)
    {
        var text = string.IsNullOrEmpty(reason) ? name ?? "" : $"{name}: {reason}";
        if (before > 0)
        {
            text = CellText.FitRest(text, before, host) ?? "";
        }

        // The host writes escape sequences into pipes and files too, so that there must be none.
        if (style is null || Console.IsOutputRedirected)
        {
            return text;
        }

        // Each line by itself, since PowerShell pads and joins them.
        return string.Join("\n", text.Split('\n').Select(line => Property(Property(style, "Foreground"), Colour(name)) + line + Property(style, "Reset")));
    }

    /// <summary>A message on one line: text with its control characters made visible, bytes as how many there are.</summary>
    /// <param name="message">Text or bytes, or nothing.</param>
    public static string? Message(object? message) => Show(message, keepsLines: false);

    /// <summary>A message with its own lines: no other control character of a peer's reaches the terminal.</summary>
    /// <param name="message">Text or bytes, or nothing.</param>
    public static string? WholeMessage(object? message) => Show(message, keepsLines: true);

    /// <summary>What an event has beside its kind: the reason, the message, or both.</summary>
    /// <param name="reason">The reason's name, or nothing.</param>
    /// <param name="message">The message, or nothing.</param>
    public static string? Told(string? reason, object? message)
    {
        var text = Message(message);
        return string.IsNullOrEmpty(reason) ? text : string.IsNullOrEmpty(text) ? reason : $"{reason}: {text}";
    }

    /// <summary>
    /// What an event has beside its kind, in the last column of a table: a message on one line, anything else on as many as it takes;
    /// nothing of a start, whose text is its <see cref="EventEndPoint"/>.
    /// </summary>
    /// <param name="kind">The event's kind.</param>
    /// <param name="reason">The reason's name, or nothing.</param>
    /// <param name="message">The message, or nothing.</param>
    /// <param name="fault">The fault that struck, or nothing.</param>
    /// <param name="before">The columns before it.</param>
    /// <param name="host">The session's host.</param>
    public static string? Told(string? kind, string? reason, object? message, string? fault, int before, PSHost? host)
    {
        var text = kind is nameof(ServerEventKind.Started) ? null : Told(reason, message ?? fault);
        return text is null || kind is not (nameof(ServerEventKind.MessageReceived) or nameof(ServerEventKind.ResponseSent))
            ? CellText.WrapRest(text, before, host)
            : CellText.Cut(text, CellText.Rest(before, host));
    }

    /// <summary>An event as a row of its table, for what shows one where no table is.</summary>
    internal static string Row(ServerEvent serverEvent, PSHost host)
    {
        var told = Told(serverEvent.Kind, serverEvent.Reason, serverEvent.Message, serverEvent.Fault, EventColumns, host) ?? "";
        return string.Format(
            CultureInfo.CurrentCulture,
            "{0,-12} {1,-15} {2,-21} {3,7} {4}",
            Time(serverEvent.Timestamp),
            serverEvent.Kind,
            EndPoint(serverEvent.RemoteAddress, serverEvent.RemotePort),
            HumanUnits.Size(serverEvent.Bytes),
            told.Replace("\n", "\n" + new string(' ', EventColumns))).TrimEnd();
    }

    /// <summary>The time of day, here, to the millisecond.</summary>
    /// <param name="timestamp">A local time, or nothing.</param>
    public static string? Time(DateTime? timestamp) => timestamp?.ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>Day and time, here, to the millisecond.</summary>
    /// <param name="timestamp">A local time, or nothing.</param>
    public static string? DayAndTime(DateTime? timestamp) => timestamp?.ToString("yyyy-MM-dd " + TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>An address and a port, as RFC 3986 writes them.</summary>
    /// <param name="address">The address, or nothing.</param>
    /// <param name="port">The port; nothing where there is none.</param>
    public static string? EndPoint(string? address, int? port) =>
        port is null ? address : address?.Contains(':') == true ? $"[{address}]:{port}" : $"{address}:{port}";

    /// <summary>The endpoint that an event is about: the client's, or, where the server started, what it listens on.</summary>
    /// <param name="kind">The event's kind.</param>
    /// <param name="address">The client's address, or nothing.</param>
    /// <param name="port">The client's port, or nothing.</param>
    /// <param name="message">The event's message, or nothing.</param>
    public static string? EventEndPoint(string? kind, string? address, int? port, object? message) =>
        kind is nameof(ServerEventKind.Started) ? Message(message) : EndPoint(address, port);

    /// <summary>A duration that is always shown in milliseconds, to a hundredth of one below 100 and to a tenth below a second.</summary>
    /// <param name="milliseconds">Milliseconds, or nothing.</param>
    public static string? Latency(double? milliseconds) =>
        milliseconds is { } value ? string.Format(CultureInfo.CurrentCulture, value < 99.995 ? "{0:0.00}ms" : value < 999.95 ? "{0:0.0}ms" : "{0:0}ms", value) : null;

    /// <summary>A round-trip time, to the microsecond.</summary>
    /// <param name="milliseconds">Milliseconds; nothing where no response was waited for.</param>
    public static string? RoundTrip(double? milliseconds) =>
        milliseconds is { } value ? string.Format(CultureInfo.CurrentCulture, "{0:0.000}ms", value) : null;

    /// <summary>How long nothing has happened, in seconds.</summary>
    /// <param name="milliseconds">Milliseconds; nothing where it has ended.</param>
    public static string? Idle(double? milliseconds) =>
        milliseconds is { } value ? string.Format(CultureInfo.CurrentCulture, value < 100_000 ? "{0:0.0}s" : "{0:0}s", value / 1000) : null;

    /// <summary>A share.</summary>
    /// <param name="percent">Of a hundred, or nothing.</param>
    public static string? Percent(double? percent) =>
        percent is { } value ? string.Format(CultureInfo.CurrentCulture, "{0:0.#}%", value) : null;

    /// <summary>What a repeated test found the time before, where it was something else.</summary>
    /// <param name="status">The status, or nothing.</param>
    /// <param name="address">The address, or nothing.</param>
    public static string? Before(string? status, string? address) =>
        string.IsNullOrEmpty(address) ? status : string.IsNullOrEmpty(status) ? address : $"{status}, {address}";

    /// <summary>The end of the type name that results and histories have where each address of a name has its own.</summary>
    internal const string EachAddress = "#EachAddress";

    /// <summary>The computer of a port test, with its address behind it where each address of a name has a row.</summary>
    /// <param name="computerName">Its name.</param>
    /// <param name="address">The address, or nothing.</param>
    /// <param name="typeNames">The type names of the result.</param>
    public static string? Computer(string? computerName, string? address, IEnumerable<string>? typeNames) =>
        string.IsNullOrEmpty(address) || address == computerName || typeNames?.Any(static name => name.EndsWith(EachAddress, StringComparison.Ordinal)) != true
            ? computerName
            : $"{computerName} ({address})";

    /// <summary>What a port test's status is about: the connection that holds a port in use, or what an open port was verified by.</summary>
    /// <param name="status">The status.</param>
    /// <param name="holderState">The state of the socket that holds the port, or nothing.</param>
    /// <param name="verification">What was asked of the connection, or nothing.</param>
    public static string? About(string? status, string? holderState, string? verification) =>
        status == nameof(PortStatus.Open) ? verification : Connection(holderState);

    /// <summary>Who holds a port.</summary>
    /// <param name="processName">The program's name.</param>
    /// <param name="processId">The process's number; nothing where none is known.</param>
    /// <param name="services">The services the process runs, or nothing.</param>
    public static string? HeldBy(string? processName, int? processId, string? services = null) => processId is null ? null
        : string.IsNullOrEmpty(services) ? $"{processName} ({processId})"
        : $"{processName} ({processId}): {services}";

    /// <summary>What holds a port in use where it is no server but a connection, whose own port it is; nothing of a server.</summary>
    /// <param name="state">The state of the socket that holds the port, or nothing.</param>
    public static string? Connection(string? state) => state switch
    {
        null or "" or nameof(PortHolderState.Listen) or nameof(PortHolderState.Bound) => null,
        nameof(PortHolderState.TimeWait) => state,
        _ => "Connected",
    };

    private static string Colour(string? name) => name switch
    {
        "Available" or "Open" or "Listening" or "Listen" or "Bound" or "Connected" or "Established" => "Green",
        "InUse" or "OpenOrFiltered" or "TimedOut" or "Draining" or "Rejected" or "HalfClosed" or "SynSent"
            or "SynReceived" or "FinWait1" or "FinWait2" or "CloseWait" or "Closing" or "LastAck" => "Yellow",
        "Closed" or "TimeWait" or "Stopped" or "Started" or "Disconnected" => "BrightBlack",
        "MessageReceived" => "Cyan",
        "ResponseSent" => "Blue",
        _ => "Red",
    };

    private static string? Show(object? message, bool keepsLines) => Argument.BaseOf(message) switch
    {
        null => null,
        byte[] bytes => HumanUnits.Size(bytes.Length),
        var text => Plain(LanguagePrimitives.ConvertTo<string>(text), keepsLines),
    };

    /// <summary>The text without control characters that act on a terminal.</summary>
    internal static string Plain(string text, bool keepsLines)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length + 8);
        foreach (var character in text)
        {
            _ = character switch
            {
                '\r' or '\n' or '\t' when keepsLines => plain.Append(character),
                '\r' => plain.Append(@"\r"),
                '\n' => plain.Append(@"\n"),
                '\t' => plain.Append(@"\t"),
                _ => plain.Append(char.IsControl(character) ? '.' : character),
            };
        }

        return plain.ToString();
    }

    private static object? Property(object? item, string name) =>
        item is null ? null : Argument.BaseOf(PSObject.AsPSObject(item).Properties[name]?.Value);
}
