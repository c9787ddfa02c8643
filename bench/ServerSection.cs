using System.IO.Enumeration;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>Our server inside pwsh, beside the yardstick: each transport, plain and message by message, with the journal and without.</summary>
internal sealed class ServerSection() : Section("server", "The server inside pwsh, beside the yardstick")
{
    private static readonly Load Usual = new(64, 64, 1);

    private static readonly Load[] Loads =
    [
        new(1, 64, 1),
        Usual,
        new(512, 64, 1),
        new(64, 64, 16),
        new(100, 32, 1000),
        new(8, 65536, 1),
        Usual with { IsLines = true },
        Usual with { IsDatagrams = true },
        new(16, 64, 8, IsDatagrams: true),
    ];

    /// <inheritdoc/>
    public override void Run(Workbench bench)
    {
        var loads = Loads.Where(load => IsWanted(bench.Options.Loads, load)).ToArray();
        if (loads.Length == 0)
        {
            throw new InvalidOperationException($"No load of the section {Name} has such a name. They are: {string.Join("; ", Loads.AsEnumerable())}.");
        }

        var rows = new JsonArray();
        var notes = new List<string>();
        var homes = Transports.Start(notes);
        try
        {
            foreach (var load in loads)
            {
                using var reference = bench.Yardstick!.StartServer(load);
                var first = new Subject("yardstick", reference.Port, reference.Id);
                var others = homes.SelectMany(home => Servers(home, load)).ToArray();
                Subject.Measure(bench, load, [first, .. others]);
                foreach (var subject in others.Prepend(first))
                {
                    rows.Add(subject.ToRow(load, first));
                }

                Console.Error.WriteLine($"measured: {load}");
            }
        }
        finally
        {
            homes.ForEach(static home => home.Shell.Dispose());
        }

        bench.Report.Add(Name, Title, rows, notes);
    }

    private static bool IsWanted(IReadOnlyList<string> patterns, Load load) =>
        patterns.Count == 0 || patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, load.ToString()));

    private static IEnumerable<Subject> Servers(Transports home, Load load)
    {
        if (load.IsLines)
        {
            // The answer is made anew from each message, and comes out as it went in, which is what the generator checks.
            yield return home.Serve("messages", load, "-Framing Line -ResponseFormat '{0}'");
            yield break;
        }

        yield return home.Serve("echo", load);
        if (load.Connections >= Usual.Connections)
        {
            yield return home.Serve("echo, no journal", load, "-EventCapacity 0");
        }
    }
}
