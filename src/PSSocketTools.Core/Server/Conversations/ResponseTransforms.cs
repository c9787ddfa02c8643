using System.Globalization;
using System.Text;

namespace PSSocketTools.Server.Conversations;

internal static class ResponseTransforms
{
    public static string Apply(this ResponseTransform transform, string text) => transform switch
    {
        ResponseTransform.Upper => text.ToUpperInvariant(),
#pragma warning disable CA1308 // This is no normalization: the user asks for small letters.
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
