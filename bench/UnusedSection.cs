using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>What faults and rooms cost servers that have none, beside another state of the module where there is one.</summary>
internal sealed class UnusedSection() : Section("unused", "Faults and rooms, to servers that have none (goal: nothing)")
{
    private static readonly (Load Load, string Arguments)[] Loads =
    [
        (new Load(64, 64, 1), string.Empty),
        (new Load(64, 64, 16), string.Empty),
        (new Load(64, 64, 1, IsLines: true), "-Framing Line -ResponseFormat '{0}'"),
        (new Load(64, 64, 1, IsDatagrams: true), string.Empty),
    ];

    /// <inheritdoc/>
    public override void Run(Workbench bench)
    {
        var rows = new JsonArray();
        var notes = new List<string>();
        using var shell = PowerShellProcess.Start();
        var now = new Transports("now", shell);
        using var before = bench.Options.Before is { } module ? PowerShellProcess.Start(module: module) : null;
        if (before is null)
        {
            notes.Add("Without --before the first row is this module too: the others tell what a fault that came and went leaves behind, and what a room in the same process costs.");
        }

        foreach (var (load, arguments) in Loads)
        {
            List<Subject> subjects = [];
            if (before is not null)
            {
                subjects.Add(new Transports("before", before).Serve("none", load, arguments));
            }

            subjects.Add(now.Serve("none", load, arguments));
            subjects.Add(now.Serve("a fault was removed", load, arguments));
            _ = shell.Invoke("Add-EchoServerFault $server -Delay 1; Get-EchoServerFault $server | Remove-EchoServerFault");
            subjects.Add(now.Serve("a room beside it", load, arguments));
            _ = shell.Invoke("$room = Start-EchoServer -Address 127.0.0.1 -Broadcast");
            Subject.Measure(bench, load, subjects);
            _ = shell.Invoke("$room | Stop-EchoServer");
            foreach (var subject in subjects)
            {
                rows.Add(subject.ToRow(load, subjects[0], "the first"));
            }

            Console.Error.WriteLine($"measured: {load}");
        }

        bench.Report.Add(Name, Title, rows, notes);
    }
}
