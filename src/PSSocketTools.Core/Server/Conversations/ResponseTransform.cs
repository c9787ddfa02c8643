using System.Globalization;
using System.Text;

namespace PSSocketTools;

/// <summary>What an echo server does to a message's text before it sends it back.</summary>
public enum ResponseTransform
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Capital letters, by the invariant culture's rules.</summary>
    Upper,

    /// <summary>Small letters, by the invariant culture's rules.</summary>
    Lower,

    /// <summary>Last to first by text element (UAX #29), so that an accent stays with its letter and an emoji whole.</summary>
    Reverse,
}

/// <summary>What the transforms do.</summary>
internal static class ResponseTransforms
{
    public static string Apply(this ResponseTransform transform, string text) => transform switch
    {
        ResponseTransform.Upper => text.ToUpperInvariant(),
#pragma warning disable CA1308 // Not to normalize: small letters are what was asked for.
        ResponseTransform.Lower => text.ToLowerInvariant(),
#pragma warning restore CA1308
        ResponseTransform.Reverse => Reverse(text),
        _ => text,
    };

    private static string Reverse(string text)
    {
        var starts = StringInfo.ParseCombiningCharacters(text);
        var reversed = new StringBuilder(text.Length);
        var end = text.Length;
        for (var i = starts.Length - 1; i >= 0; i--)
        {
            reversed.Append(text, starts[i], end - starts[i]);
            end = starts[i];
        }

        return reversed.ToString();
    }
}
