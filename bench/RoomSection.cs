using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>A chat room inside pwsh, beside a chat server of ten lines: how many lines a second reach a client.</summary>
internal sealed class RoomSection() : Section("room", "Chat rooms: lines that reach one client each, beside Node.js")
{
    private static readonly Load[] Loads =
    [
        new(20, 32, 1, IsRoom: true),
        new(200, 32, 1, IsRoom: true),
        new(200, 32, 10, IsRoom: true),
    ];

    /// <inheritdoc/>
    public override void Run(Workbench bench)
    {
        var rows = new JsonArray();
        var notes = new List<string>();
        var homes = Transports.Start(notes);
        Yardstick.ServerProcess? peer = null;
        try
        {
            try
            {
                peer = Yardstick.ServerProcess.Start(
                    static port => ("node", [Path.Combine(Workbench.Folder, "Peers", "room.js"), port.ToString(CultureInfo.InvariantCulture)]));
            }
            catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
            {
                notes.Add($"Left out: Node.js: {exception.Message}. The ratios are to the first row.");
            }

            foreach (var load in Loads)
            {
                var subjects = homes.Select(home => home.Serve("-Broadcast", load, "-Broadcast -Framing Line")).ToList();
                if (peer is not null)
                {
                    subjects.Insert(0, new Subject("Node.js", peer.Port, peer.Id));
                }

                Subject.Measure(bench, load, subjects);
                subjects.ForEach(subject => rows.Add(subject.ToRow(load, subjects[0], subjects[0].Name)));
                Console.Error.WriteLine($"measured: {load}");
            }
        }
        finally
        {
            peer?.Dispose();
            homes.ForEach(static home => home.Shell.Dispose());
        }

        bench.Report.Add(Name, Title, rows, notes);
    }
}
