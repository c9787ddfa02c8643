using System.Globalization;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>What Measure-EchoServer tells of a server that stalls, at a rate and without one, beside a C program at the same rate.</summary>
internal sealed class RateSection() : Section("rate", "Measure-EchoServer -Rate 1000 on a server that stalls for 100 ms each second, beside a C program (goal: its p99, 5 % off at most)")
{
    private const int Connections = 10;
    private const int Size = 64;
    private const int Rate = 1000;
    private const int Seconds = 10;
    private const int StallMilliseconds = 100;

    private static readonly string[] Figures = ["p50", "p90", "p99", "max"];

    /// <inheritdoc/>
    public override void Run(Workbench bench)
    {
        using var server = bench.Yardstick!.StartStalling(StallMilliseconds);
        using var shell = PowerShellProcess.Start();
        var rate = Rate.ToString(CultureInfo.InvariantCulture);
        (string Name, Func<JsonObject> Measure)[] loads =
        [
            ("yardstick", () => bench.Yardstick.LoadAtRate(server.Port, Connections, Size, Rate, Seconds)),
            ($"Measure-EchoServer -Rate {rate}", () => Measure(shell, server.Port, "-Rate " + rate)),
            ("Measure-EchoServer", () => Measure(shell, server.Port, string.Empty)),
        ];
        var results = loads.Select(static _ => new List<JsonObject>()).ToArray();
        for (var run = 0; run < bench.Options.Runs; run++)
        {
            foreach (var (load, kept) in loads.Zip(results))
            {
                kept.Add(load.Measure());
            }
        }

        var rows = new JsonArray();
        var reference = Median(results[0], "p99");
        foreach (var (load, kept) in loads.Zip(results))
        {
            var row = new JsonObject { ["Load"] = load.Name, ["Messages"] = Median(kept, "messages") };
            foreach (var figure in Figures)
            {
                row[$"{figure} ms"] = Math.Round(Median(kept, figure) / 1000, 3);
            }

            row["p99 of yardstick's"] = Math.Round(Median(kept, "p99") / reference, 3);
            rows.Add(row);
        }

        bench.Report.Add(Name, Title, rows, ["A tenth of all messages is due while the server stalls: p90 lies on the edge. Without a rate none is sent meanwhile, and the stall hides."]);
    }

    private static JsonObject Measure(PowerShellProcess shell, int port, string arguments) => shell.Invoke(
        $"Measure-EchoServer 127.0.0.1 {port} -Connections {Connections} -MessageSize {Size} -DurationSec {Seconds} {arguments} | "
        + "ForEach-Object { @{ messages = $_.Messages; p50_us = 1000 * $_.P50Milliseconds; p90_us = 1000 * $_.P90Milliseconds; p99_us = 1000 * $_.P99Milliseconds; max_us = 1000 * $_.MaxMilliseconds } }").AsObject();

    private static double Median(List<JsonObject> results, string figure) =>
        Workbench.Median(results.Select(result => (result[figure] ?? result[figure + "_us"])!.GetValue<double>()));
}
