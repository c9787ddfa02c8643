using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>A server that is measured, and what was measured of it.</summary>
/// <param name="name">What the table calls it.</param>
/// <param name="port">Where it listens.</param>
/// <param name="processId">The process whose CPU time counts.</param>
internal sealed class Subject(string name, int port, int processId)
{
    private readonly List<JsonObject> _results = [];

    /// <summary>What the table calls it.</summary>
    public string Name { get; } = name;

    /// <summary>Where it listens.</summary>
    public int Port { get; } = port;

    /// <summary>The process whose CPU time counts.</summary>
    public int ProcessId { get; } = processId;

    /// <summary>The messages a second.</summary>
    public double Speed => Median("msgs_s");

    /// <summary>The CPU time a message takes, in microseconds.</summary>
    public double Cpu => Median("server_cpu_us_per_msg");

    /// <summary>Puts the load on all, in turn, so that what else the machine does hits all alike.</summary>
    public static void Measure(Workbench bench, Load load, IReadOnlyList<Subject> subjects)
    {
        for (var run = 0; run < bench.Options.Runs; run++)
        {
            foreach (var subject in subjects)
            {
                subject._results.Add(bench.Yardstick!.Load(subject.Port, subject.ProcessId, load, bench.Options.Seconds));
            }
        }
    }

    /// <summary>Forgets what was measured, before another load.</summary>
    public void Forget() => _results.Clear();

    /// <summary>Its row of the table, as ratios to another.</summary>
    /// <param name="load">The load.</param>
    /// <param name="reference">The other.</param>
    /// <param name="referenceName">What the table's headings call it.</param>
    public JsonObject ToRow(Load load, Subject reference, string referenceName = "yardstick") => new()
    {
        ["Load"] = load.ToString(),
        ["Server"] = Name,
        ["Messages/s"] = Speed,
        [$"of {referenceName}"] = Math.Round(Speed / reference.Speed, 3),
        ["CPU us"] = Cpu,
        [$"of {referenceName}'s"] = Math.Round(Cpu / reference.Cpu, 3),
        ["p50 us"] = Median("p50_us"),
        ["p99 us"] = Median("p99_us"),
    };

    private double Median(string figure) => Workbench.Median(_results.Select(result => result[figure]!.GetValue<double>()));
}
