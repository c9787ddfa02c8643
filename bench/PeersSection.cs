using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>What others make of the same load: the servers one would write by hand, where their languages are here.</summary>
internal sealed class PeersSection() : Section("peers", "Servers others write, beside the yardstick")
{
    private static readonly (string Name, string Program, string Script)[] Peers =
    [
        ("Python asyncio", "python3", "echo.py"),
        ("Node.js", "node", "echo.js"),
    ];

    /// <inheritdoc/>
    public override void Run(Workbench bench)
    {
        var rows = new JsonArray();
        var notes = new List<string>();
        if (bench.Yardstick is not { } yardstick)
        {
            bench.Report.Add(Name, Title, rows, ["Left out: the load generator comes with the yardstick (--yardstick FOLDER)."]);
            return;
        }

        var load = new Load(64, 64, 1);
        var running = new List<Yardstick.ServerProcess>();
        try
        {
            running.Add(yardstick.StartServer());
            var reference = new Subject("yardstick", running[0].Port, running[0].Id);
            var subjects = new List<Subject> { reference };
            foreach (var (name, program, script) in Peers)
            {
                try
                {
                    var path = Path.Combine(Workbench.Folder, "Peers", script);
                    var peer = Yardstick.ServerProcess.Start(port => (program, [path, port.ToString(CultureInfo.InvariantCulture)]));
                    running.Add(peer);
                    subjects.Add(new Subject(name, peer.Port, peer.Id));
                }
                catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
                {
                    notes.Add($"Left out: {name}: {exception.Message}");
                }
            }

            Subject.Measure(bench, load, subjects);
            subjects.ForEach(subject => rows.Add(subject.ToRow(load, reference)));
        }
        finally
        {
            running.ForEach(static server => server.Dispose());
        }

        bench.Report.Add(Name, Title, rows, notes);
    }
}
