using System.Globalization;

namespace PSSocketTools.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    /// <summary>The command line in words.</summary>
    public const string Usage = """
        usage: dotnet run -c Release --project bench -- [options]
          --runs N       how often each is measured; medians are shown (default 5)
          --seconds S    how long each run of the load lasts (default 2)
          --only A,B     only these sections: server, peers, tls, rate, unused, room, allocation, idle, stop, import, firstuse, client, latency, scan
          --loads A;B    only these loads of the section server, as its table names them, with * for any text
          --before DIR   another checkout of the repository, built, that the section unused is held against
          --json FILE    writes all figures as JSON as well
          --from A,B     measures nothing, and takes the figures from these files, which --json has written
          --markdown README.md    writes the README's table of speeds, of the sections server, peers and tls
        """;

    /// <summary>How often each is measured.</summary>
    public int Runs { get; private init; } = 5;

    /// <summary>How long a run of the load lasts, in seconds.</summary>
    public double Seconds { get; private init; } = 2;

    /// <summary>The sections wanted; empty for all.</summary>
    public IReadOnlyList<string> Only { get; private init; } = [];

    /// <summary>Patterns of the loads wanted in the section server; empty for all.</summary>
    public IReadOnlyList<string> Loads { get; private init; } = [];

    /// <summary>The manifest of the module in another checkout; null for none.</summary>
    public string? Before { get; private init; }

    /// <summary>The file for the figures; null for none.</summary>
    public string? Json { get; private init; }

    /// <summary>The files of earlier runs whose figures are taken; empty to measure.</summary>
    public IReadOnlyList<string> From { get; private init; } = [];

    /// <summary>The page that the table of speeds is written into; null for none.</summary>
    public string? Markdown { get; private init; }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FormatException">It can't be read, or asks for help.</exception>
    public static Options Parse(string[] arguments)
    {
        var options = new Options();
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length)
            {
                throw new FormatException(Usage);
            }

            var value = arguments[i + 1];
            options = arguments[i] switch
            {
                "--runs" => options with { Runs = int.Parse(value, CultureInfo.InvariantCulture) },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--only" => options with { Only = List(value) },
                "--loads" => options with { Loads = List(value, ';') },
                "--before" => options with { Before = Path.GetFullPath(Path.Combine(value, "PSSocketTools.psd1")) },
                "--json" => options with { Json = Path.GetFullPath(value) },
                "--from" => options with { From = [.. List(value).Select(Path.GetFullPath)] },
                "--markdown" => options with { Markdown = Path.GetFullPath(value) },
                _ => throw new FormatException(Usage),
            };
        }

        return options.Runs > 0 && options.Seconds > 0 ? options : throw new FormatException(Usage);
    }

    private static string[] List(string value, char separator = ',') => value.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
