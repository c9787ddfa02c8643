using System.Text.RegularExpressions;

namespace PSSocketTools.Binding;

/// <summary>Checks how users write a computer.</summary>
internal static class ComputerText
{
    /// <summary>The parts of a computer with its port behind it, as in a URL, with an IPv6 address in brackets or not at all; null where there is none.</summary>
    public static (string Computer, string Port)? PortBehind(string text)
    {
        var parts = Regex.Match(text, @"^(?:\[(?<name>[^\[\]]+)\]|(?<name>[^:,/\[\]]+)):(?<port>\w+)$");
        return parts.Success ? (parts.Groups["name"].Value, parts.Groups["port"].Value) : null;
    }

    /// <summary>Whether a text may be a name, an IPv4 or an IPv6 address, and is not a mistyped number.</summary>
    public static bool LooksLikeOne(string text) => Regex.IsMatch(text, @"^\s*([A-Za-z][\w.-]*|\d+(\.\d+){3}|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\]?)\s*$");
}
