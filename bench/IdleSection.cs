using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>What connections cost that say nothing: memory, threads, and the speed of the busy ones among them.</summary>
internal sealed class IdleSection() : Section("idle", "10,000 idle connections, and 64 busy ones among them (goals: under 4,096 B each, 0.9 of the speed)")
{
    private const int Idle = 10_000;

    private const string Counters =
        "[pscustomobject]@{ Bytes = [GC]::GetTotalMemory($true); Threads = [Diagnostics.Process]::GetCurrentProcess().Threads.Count; Active = $server.ActiveConnections }";

    /// <inheritdoc/>
    public override bool NeedsYardstick => false;

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
                rows.Add(Measure(bench, home));
            }
        }
        finally
        {
            homes.ForEach(static home => home.Shell.Dispose());
        }

        if (bench.Yardstick is null)
        {
            notes.Add("Left out: the busy connections, which are the yardstick's load.");
        }

        bench.Report.Add(Name, Title, rows, notes);
    }

    private static JsonObject Measure(Workbench bench, Transports home)
    {
        var load = new Load(64, 64, 1);
        var subject = home.Serve("echo", load, $"-MaxConnections {2 * Idle}");
        var alone = new Subject(subject.Name, subject.Port, subject.ProcessId);
        var among = new Subject(subject.Name, subject.Port, subject.ProcessId);
        if (bench.Yardstick is not null)
        {
            Subject.Measure(bench, load, [alone]);
        }

        home.Shell.Invoke(Counters);
        var before = home.Shell.Invoke(Counters);
        var sockets = new List<Socket>(Idle);
        try
        {
            for (var i = 0; i < Idle; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                socket.Connect(IPAddress.Loopback, subject.Port);
            }

            home.Shell.Invoke($"$null = Wait-EchoServer $server -Kind Connected -Count ($server.TotalConnections - $server.ActiveConnections + {Idle}) -TimeoutSec 60; 0");
            var after = home.Shell.Invoke(Counters);
            var row = new JsonObject
            {
                ["Server"] = subject.Name,
                ["Idle"] = after["Active"]!.GetValue<long>(),
                ["Bytes each"] = Math.Round((double)(after["Bytes"]!.GetValue<long>() - before["Bytes"]!.GetValue<long>()) / Idle),
                ["Threads more"] = after["Threads"]!.GetValue<int>() - before["Threads"]!.GetValue<int>(),
            };
            if (bench.Yardstick is not null)
            {
                Subject.Measure(bench, load, [among]);
                row["Messages/s alone"] = alone.Speed;
                row["among them"] = among.Speed;
                row["of that"] = Math.Round(among.Speed / alone.Speed, 3);
            }

            return row;
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }
    }
}
