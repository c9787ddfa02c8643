using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Makes patterns of what users write with wildcards.</summary>
internal static class Wildcards
{
    /// <summary>The pattern, which ignores case in the same way in every culture.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: it is no pattern.</exception>
    public static WildcardPattern Parse(string text)
    {
        var pattern = WildcardPattern.Get(text, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        try
        {
            _ = pattern.IsMatch(string.Empty);
            return pattern;
        }
        catch (WildcardPatternException exception)
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("WildcardNotValid", text), text, exception);
        }
    }
}
