using System.Globalization;

namespace PSSocketTools.HelpBuilder;

/// <summary>How a language says what the build writes, a line of a file each: a parameter's default and range, with {0} for a value; the page on the web.</summary>
internal sealed class Facts
{
    private readonly string _default;
    private readonly string _range;

    public Facts(string path)
    {
        if (File.ReadAllLines(path) is not [var first, var second, var third])
        {
            throw new InvalidDataException($"{path} has a line for a default, one for a range, and one for the page on the web.");
        }

        (_default, _range, OnlineVersion) = (first, second, third);
    }

    /// <summary>What the link to the page on the web is called.</summary>
    public string OnlineVersion { get; }

    public string Default(string value) => string.Format(CultureInfo.InvariantCulture, _default, value);

    public string Range(string lowest, string highest) => string.Format(CultureInfo.InvariantCulture, _range, lowest, highest);

    /// <summary>Whether a line is about a default or a range.</summary>
    public bool Tells(string line) => line.StartsWith(Start(_default), StringComparison.OrdinalIgnoreCase) || TellsRange(line);

    public bool TellsRange(string line) => line.StartsWith(Start(_range), StringComparison.OrdinalIgnoreCase);

    /// <summary>What a line says of a default.</summary>
    public string DefaultIn(string line) => line[Start(_default).Length..].Trim();

    private static string Start(string format) => format[..format.IndexOf('{', StringComparison.Ordinal)].TrimEnd();
}
