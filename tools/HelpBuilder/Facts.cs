using System.Globalization;

namespace PSSocketTools.HelpBuilder;

/// <summary>
/// The words that the build needs of a language, a line of a file each: a parameter's default and range, with {0} for a value; the page on
/// the web; the table of a cmdlet's parameters, as the heads of its columns; and whose parameters a shared page has.
/// </summary>
internal sealed class Facts
{
    private readonly string _default;
    private readonly string _range;
    private readonly string _parametersOf;

    public Facts(string path)
    {
        if (File.ReadAllLines(path) is not [var first, var second, var third, var fourth, var fifth] || fourth.Split(" | ") is not { Length: 4 } columns)
        {
            throw new InvalidDataException(
                $"{path} has a line each for a default, a range, the page on the web, the four columns of a table of parameters, and whose parameters a page has.");
        }

        (_default, _range, OnlineVersion, Columns, _parametersOf) = (first, second, third, columns, fifth);
    }

    /// <summary>What the link to the page on the web is called.</summary>
    public string OnlineVersion { get; }

    public IReadOnlyList<string> Columns { get; }

    public string Default(string value) => string.Format(CultureInfo.InvariantCulture, _default, value);

    public string Range(string lowest, string highest) => string.Format(CultureInfo.InvariantCulture, _range, lowest, highest);

    public string ParametersOf(string cmdlets) => string.Format(CultureInfo.InvariantCulture, _parametersOf, cmdlets);

    /// <summary>Whether a line is about a default or a range.</summary>
    public bool Tells(string line) => line.StartsWith(Start(_default), StringComparison.OrdinalIgnoreCase) || TellsRange(line);

    public bool TellsRange(string line) => line.StartsWith(Start(_range), StringComparison.OrdinalIgnoreCase);

    /// <summary>What a line says of a default.</summary>
    public string DefaultIn(string line) => line[Start(_default).Length..].Trim();

    /// <summary>What a line says of a range.</summary>
    public string RangeIn(string line) => line[Start(_range).Length..].Trim();

    private static string Start(string format) => format[..format.IndexOf('{', StringComparison.Ordinal)].TrimEnd();
}
