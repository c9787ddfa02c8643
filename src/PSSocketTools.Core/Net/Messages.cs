using System.Globalization;
using System.Resources;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>The sentences users read, in the UI culture's language: Messages.resx is English, Messages.pt-BR.resx Portuguese.</summary>
internal static class Messages
{
    private static readonly ResourceManager Source = new("PSSocketTools.Net.Messages", typeof(Messages).Assembly);

    public static string Get(string name) =>
        Source.GetString(name, CultureInfo.CurrentUICulture)
        ?? throw new MissingManifestResourceException($"Messages.resx has no '{name}'.");

    /// <summary>A sentence with values in it. A name, a path or another's words among them are cleaned: no sentence acts on the terminal.</summary>
    public static string Get(string name, params object?[] values) => string.Format(
        CultureInfo.CurrentCulture,
        Get(name),
        Array.ConvertAll(values, static value => value is null or IFormattable ? value : OutsideText.Clean(value.ToString())));
}
