using System.Globalization;
using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>A range of ports, inclusive at both ends; may be a single port.</summary>
public readonly record struct PortRange
{
    /// <summary>The lowest port; 0 would let the system assign one.</summary>
    public const int MinPort = 1;

    /// <summary>The highest port.</summary>
    public const int MaxPort = 65535;

    /// <summary>Makes a range.</summary>
    /// <param name="first">The first port, 1 to 65535.</param>
    /// <param name="last">The last port, from <paramref name="first"/> to 65535.</param>
    /// <exception cref="SocketToolsException">InvalidOption: not a port, or the last before the first.</exception>
    public PortRange(int first, int last)
    {
        First = Require(first);
        Last = Require(last);
        if (last < first)
        {
            throw new SocketToolsException(
                SocketToolsError.InvalidOption, Messages.Get("PortRangeBackwards", first, last), $"{first}-{last}");
        }
    }

    /// <summary>Makes a range of one port.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: not a port.</exception>
    public PortRange(int port)
        : this(port, port)
    {
    }

    /// <summary>The first port, 1 to 65535.</summary>
    public int First { get; }

    /// <summary>The last port, 1 to 65535.</summary>
    public int Last { get; }

    /// <summary>How many ports there are.</summary>
    public int Count => Last - First + 1;

    /// <summary>Every port as one range.</summary>
    public static PortRange All { get; } = new(1, MaxPort);

    /// <summary>Reads a port or a range as people write it: <c>80</c>, <c>1-1024</c>, <c>8000..8100</c>, <c>:8080</c>, <c>https</c>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="SocketToolsException">InvalidOption: out of range, backwards, or no service of that name.</exception>
    public static PortRange Parse(string text) => ParseOne((text ?? throw new ArgumentNullException(nameof(text))).Trim());

    /// <summary>Reads what <see cref="Parse"/> reads, several between commas.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="SocketToolsException">InvalidOption: out of range, backwards, or no service of that name.</exception>
    public static IReadOnlyList<PortRange> ParseList(string text) =>
        Array.ConvertAll((text ?? throw new ArgumentNullException(nameof(text))).Split(','), Parse);

    /// <summary>Merges consecutive ranges, so that a list of every port is one range, and removes duplicates; keeps the order.</summary>
    /// <param name="ranges">The ranges.</param>
    public static IReadOnlyList<PortRange> Merge(IEnumerable<PortRange> ranges)
    {
        var merged = new List<PortRange>();
        var seen = new bool[MaxPort + 1];
        foreach (var port in (ranges ?? throw new ArgumentNullException(nameof(ranges))).SelectMany(static range => range.Ports()))
        {
            if (seen[port])
            {
                continue;
            }

            seen[port] = true;
            var end = merged.Count - 1;
            if (end >= 0 && merged[end].Last + 1 == port)
            {
                merged[end] = new PortRange(merged[end].First, port);
            }
            else
            {
                merged.Add(new PortRange(port));
            }
        }

        return merged;
    }

    /// <summary>The ports, in ascending order.</summary>
    public IEnumerable<int> Ports() => Enumerable.Range(First, Count);

    /// <summary>Whether a port is in the range.</summary>
    /// <param name="port">The port.</param>
    public bool Contains(int port) => port >= First && port <= Last;

    /// <summary>The range as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => First == Last
        ? First.ToString(CultureInfo.InvariantCulture)
        : string.Format(CultureInfo.InvariantCulture, "{0}-{1}", First, Last);

    private static PortRange ParseOne(string text)
    {
        // A service name may have a dash (http-alt), so that a dash means a range only between two numbers.
        var separator = text.IndexOf("..", StringComparison.Ordinal);
        var length = 2;
        if (separator < 0)
        {
            separator = text.IndexOf('-', Math.Min(1, text.Length));
            length = 1;
        }

        // Alone behind its colon, a port is as tools list it.
        if (text.StartsWith(":", StringComparison.Ordinal) && TryNumber(text[1..], out var listed))
        {
            return new PortRange(listed);
        }

        if (separator > 0 && TryNumber(text[..separator], out var first)
            && TryNumber(text[(separator + length)..], out var last))
        {
            return new PortRange(first, last);
        }

        if (TryNumber(text, out var port))
        {
            return new PortRange(port);
        }

        return ServiceNames.TryGetPort(text, out port)
            ? new PortRange(port)
            : throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("PortNotUnderstood", text), text);
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture, out number);

    private static int Require(int port) => port is >= 1 and <= MaxPort
        ? port
        : throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("PortOutOfRange", port), port);
}
