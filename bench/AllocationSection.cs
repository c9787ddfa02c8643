using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>The managed bytes a message costs a server, in steady state.</summary>
internal sealed class AllocationSection() : Section("allocation", "Managed bytes allocated a message, while 64 connections or sockets of 64 B run in lock step")
{
    // What reading the counters allocates itself is measured, and taken off.
    private const string Counters = "[pscustomobject]@{ Bytes = [GC]::GetTotalAllocatedBytes($true); Messages = $server.MessagesReceived }";

    private static readonly (string Name, string Arguments, Load Load)[] Servers =
    [
        ("echo", string.Empty, new Load(64, 64, 1)),
        ("UDP echo", string.Empty, new Load(64, 64, 1, IsDatagrams: true)),
        ("messages", "-Framing Line -ResponseFormat '{0}'", new Load(64, 64, 1, IsLines: true)),
    ];

    /// <inheritdoc/>
    public override void Run(Workbench bench)
    {
        var rows = new JsonArray();
        var notes = new List<string>();
        var homes = Transports.Start(notes);
        try
        {
            foreach (var home in homes)
            {
                foreach (var (name, arguments, load) in Servers)
                {
                    var subject = home.Serve(name, load, arguments);
                    var figures = Enumerable.Range(0, bench.Options.Runs).Select(_ => Measure(bench, home, subject, load)).ToArray();
                    rows.Add(new JsonObject { ["Server"] = subject.Name, ["Bytes a message"] = Math.Round(Workbench.Median(figures), 2) });
                }
            }
        }
        finally
        {
            homes.ForEach(static home => home.Shell.Dispose());
        }

        bench.Report.Add(Name, Title, rows, notes);
    }

    private static double Measure(Workbench bench, Transports home, Subject subject, Load load)
    {
        var seconds = Math.Max(bench.Options.Seconds, 1);
        var running = Task.Run(() => bench.Yardstick!.Load(subject.Port, subject.ProcessId, load, seconds));

        // Connecting is over by then, and pools are filled.
        Thread.Sleep(TimeSpan.FromSeconds(seconds * 0.3));
        var first = home.Shell.Invoke(Counters);
        Thread.Sleep(TimeSpan.FromSeconds(seconds * 0.5));
        var second = home.Shell.Invoke(Counters);
        running.GetAwaiter().GetResult();
        home.Shell.Invoke(Counters);
        var idle = home.Shell.Invoke(Counters);
        var later = home.Shell.Invoke(Counters);

        var reading = Difference(idle, later, "Bytes");
        return (Difference(first, second, "Bytes") - reading) / Difference(first, second, "Messages");
    }

    private static double Difference(JsonNode before, JsonNode after, string name) => after[name]!.GetValue<long>() - before[name]!.GetValue<long>();
}
