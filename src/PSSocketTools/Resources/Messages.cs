using System.Globalization;
using System.Resources;

namespace PSSocketTools.Resources;

/// <summary>The cmdlets' sentences, in the language of the UI culture: Messages.resx is English, Messages.pt-BR.resx Portuguese.</summary>
internal static class Messages
{
    private static readonly ResourceManager Source = new("PSSocketTools.Resources.Messages", typeof(Messages).Assembly);

    public static string Get(string name) =>
        Source.GetString(name, CultureInfo.CurrentUICulture)
        ?? throw new MissingManifestResourceException($"Messages.resx has no '{name}'.");

    public static string Get(string name, params object?[] values) =>
        string.Format(CultureInfo.CurrentCulture, Get(name), values);
}
