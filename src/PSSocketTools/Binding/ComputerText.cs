using System.Text.RegularExpressions;

namespace PSSocketTools.Binding;

/// <summary>Checks how users write a computer.</summary>
internal static class ComputerText
{
    /// <summary>Whether a text may be a name, an IPv4 or an IPv6 address, and is not a mistyped number.</summary>
    public static bool LooksLikeOne(string text) => Regex.IsMatch(text, @"^\s*([A-Za-z][\w.-]*|\d+(\.\d+){3}|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\]?)\s*$");
}
