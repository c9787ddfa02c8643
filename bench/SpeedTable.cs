using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>The README's table of speeds, which stands between two comments there and is written from a run's figures.</summary>
internal sealed class SpeedTable
{
    private const string Begin = "<!-- speeds: written by bench/, --markdown README.md -->\n";
    private const string End = "<!-- end of speeds -->\n";

    private static readonly Load Usual = new(64, 64, 1);

    // What users get by default, what each row asks of it, and what it is held against.
    private static readonly (string Words, string Section, Load Load, string Server, string Beside)[] Rows =
    [
        ("64 connections in lock step", "server", Usual, "echo", "yardstick"),
        ("512 connections in lock step", "server", Usual with { Connections = 512 }, "echo", "yardstick"),
        ("64 connections, 16 messages in flight on each", "server", Usual with { Depth = 16 }, "echo", "yardstick"),
        ("100 connections, 1,000 messages of 32 bytes in flight on each", "server", new Load(100, 32, 1000), "echo", "yardstick"),
        ("64 connections, lines, `-ResponseFormat`", "server", Usual with { IsLines = true }, "messages", "yardstick"),
        ("UDP, 64 sockets in lock step", "server", Usual with { IsDatagrams = true }, "echo", "yardstick"),
        ("UDP, 16 sockets, 8 datagrams in flight on each", "server", new Load(16, 64, 8, IsDatagrams: true), "echo", "yardstick"),
        ("TLS, 64 connections in lock step, beside Go's `crypto/tls`", "tls", Usual, "echo", "Go"),
        ("TLS, 64 connections, 100 messages in flight on each, beside Go's", "tls", Usual with { Depth = 100 }, "echo", "Go"),
    ];

    private readonly string _file;
    private readonly string _before;
    private readonly string _after;

    /// <summary>Finds the table's place in a page, before minutes are spent on figures.</summary>
    /// <param name="file">The page.</param>
    /// <exception cref="InvalidOperationException">It has no such place.</exception>
    public SpeedTable(string file)
    {
        var text = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : string.Empty;
        var begin = text.IndexOf(Begin, StringComparison.Ordinal);
        var end = text.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new InvalidOperationException($"The table belongs between the lines '{Begin.Trim()}' and '{End.Trim()}', and {file} has no such place.");
        }

        _file = file;
        _before = text[..(begin + Begin.Length)];
        _after = text[end..];
    }

    /// <summary>Writes the table into its page.</summary>
    /// <param name="figures">All figures of a run.</param>
    /// <exception cref="InvalidOperationException">The section server is not among them.</exception>
    public void Write(JsonObject figures) => File.WriteAllText(_file, _before + Text(figures) + _after);

    private static string Text(JsonObject figures)
    {
        if (Measured(figures, "server").Length == 0)
        {
            throw new InvalidOperationException("The table is made of the section server, and there are no figures of it.");
        }

        var machine = figures["machine"]!;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{machine["Date"]!.ToString()[..10]}, {machine["Processor"]}, {machine["Cores"]} cores, {machine["System"]}, PowerShell {machine["PowerShell"]}; medians of {machine["Runs"]} runs that took turns; messages of 64 bytes where nothing else is said:\n\n");
        text.Append("| load | on epoll: messages a second | CPU a message | on .NET's sockets: messages a second | CPU a message |\n");
        text.Append("| --- | --- | --- | --- | --- |\n");
        foreach (var (words, section, load, server, beside) in Rows)
        {
            var rows = Measured(figures, section);
            string[] cells = [.. Ratios(rows, load, $"Epoll, {server}", beside), .. Ratios(rows, load, $"Async, {server}", beside)];
            if (cells.Any(static cell => cell.Length > 0))
            {
                text.Append(CultureInfo.InvariantCulture, $"| {words} | {string.Join(" | ", cells)} |\n");
            }
        }

        var measured = Measured(figures, "peers");
        var peers = measured.Select(static row => row["Server"]!.ToString()).Except(["yardstick", "socat"])
            .Select(peer => $"{peer} {string.Join(" and ", Ratios(measured, Usual, peer, "yardstick"))}").ToArray();
        if (peers.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nFor comparison, {Rows[0].Words}: {string.Join(", ", peers)}.\n");
        }

        return text.ToString();
    }

    private static JsonNode[] Measured(JsonObject figures, string section) => [.. (figures[section]?["rows"]?.AsArray() ?? []).Select(static row => row!)];

    // Of messages a second, and of CPU time a message; empty where that was not measured.
    private static string[] Ratios(JsonNode[] rows, Load load, string server, string beside)
    {
        var row = Array.Find(rows, row => row["Load"]!.ToString() == load.ToString() && row["Server"]!.ToString() == server);
        return [Cell($"of {beside}"), Cell($"of {beside}'s")];

        string Cell(string column) => row?[column]?.GetValue<double>().ToString("0.00", CultureInfo.InvariantCulture) ?? string.Empty;
    }
}
