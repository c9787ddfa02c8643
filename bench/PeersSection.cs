using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Nodes;
using PSSocketTools.Bench.Peers;

namespace PSSocketTools.Bench;

/// <summary>What others make of the same load: the servers one would write by hand, where their languages are here.</summary>
internal sealed class PeersSection() : Section("peers", "Servers others write, beside the yardstick")
{
    private static readonly (string Name, string Program, Func<string, string[]> Arguments)[] Peers =
    [
        (".NET", "dotnet", static port => [typeof(DotNetEcho).Assembly.Location, DotNetEcho.Argument, port]),
        ("Python asyncio", "python3", static port => [Script("echo.py"), port]),
        ("Node.js", "node", static port => [Script("echo.js"), port]),

        // It answers in a process a connection, whose CPU time is not its own.
        ("socat", "socat", static port => [$"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,backlog=512,nodelay", "PIPE"]),
    ];

    /// <inheritdoc/>
    public override void Run(Workbench bench)
    {
        var rows = new JsonArray();
        var notes = new List<string>();
        var load = new Load(64, 64, 1);
        var running = new List<Yardstick.ServerProcess>();
        try
        {
            running.Add(bench.Yardstick!.StartServer(load));
            var reference = new Subject("yardstick", running[0].Port, running[0].Id);
            var subjects = new List<Subject> { reference };
            foreach (var (name, program, arguments) in Peers.Append(("Go", Go.Build("echo.go"), static port => [port])))
            {
                try
                {
                    var peer = Yardstick.ServerProcess.Start(port => (program, arguments(port.ToString(CultureInfo.InvariantCulture))));
                    running.Add(peer);
                    subjects.Add(new Subject(name, peer.Port, peer.Id));
                }
                catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
                {
                    notes.Add($"Left out: {name}: {exception.Message}");
                }
            }

            if (subjects.Exists(static subject => subject.Name == "socat"))
            {
                notes.Add("socat answers in a process a connection, whose CPU time is not counted here.");
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

    private static string Script(string name) => Path.Combine(Workbench.Folder, "Peers", name);
}
