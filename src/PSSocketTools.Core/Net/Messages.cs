using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>
/// The messages for users, in the language of the UI culture: Messages.resx is English, Messages.pt-BR.resx Portuguese. What stands
/// in braces, as in {UseTls} or {EchoSession.Connect}, is an option's property or a member of the engine: users read what they
/// write for it (<see cref="MessageTerms"/>).
/// </summary>
internal static class Messages
{
    private static readonly ResourceManager Resources = new("PSSocketTools.Net.Messages", typeof(Messages).Assembly);

    // A brace that is doubled stands for itself.
    private static readonly Regex Names = new(@"(?<!\{)\{([A-Z][\w.]*)\}(?!\})", RegexOptions.CultureInvariant);

    // A dot within an address or a number has no space behind it.
    private static readonly Regex Sentence = new(@"^.+?[.?!](?=\s)", RegexOptions.CultureInvariant | RegexOptions.Singleline);

    public static string Get(string name)
    {
        var sentence = MessageTerms.Sentence?.Invoke(name)
            ?? Resources.GetString(name, CultureInfo.CurrentUICulture)
            ?? throw new MissingManifestResourceException($"Messages.resx has no '{name}'.");
        return Names.Replace(sentence, static match => Name(match.Groups[1].Value));
    }

    /// <summary>A sentence with values in it. A name, a path or another's words among them are cleaned: no sentence acts on the terminal.</summary>
    public static string Get(string name, params object?[] values) => string.Format(
        CultureInfo.CurrentCulture,
        Get(name),
        Array.ConvertAll(values, static value => value is null or IFormattable ? value : OutsideText.Clean(value.ToString())));

    /// <summary>The first of several sentences: what happened, without the advice behind it.</summary>
    public static string First(string sentences) => Sentence.Match(sentences) is { Success: true } first ? first.Value : sentences;

    /// <summary>What users write for an option; a value it has may follow it, after a space.</summary>
    public static string Name(string option)
    {
        var end = option.IndexOf(' ');
        var name = end < 0 ? option : option[..end];
        return (MessageTerms.Name?.Invoke(name) ?? name) + option[name.Length..];
    }
}
