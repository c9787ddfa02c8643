using System.ComponentModel;
using System.Globalization;
using PSSocketTools.Bench;
using PSSocketTools.Bench.Peers;

if (args is [DotNetEcho.Argument, var port])
{
    await DotNetEcho.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
}

Options options;
try
{
    options = Options.Parse(args);
}
catch (FormatException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}

Section[] sections =
[
    new ServerSection(),
    new PeersSection(),
    new TlsSection(),
    new RateSection(),
    new UnusedSection(),
    new RoomSection(),
    new AllocationSection(),
    new IdleSection(),
    new ScriptSection("stop", "Ctrl+C: from PowerShell.Stop until the waiting command has ended (goal: under 200 ms)", "Measure-Stop.ps1"),
    new ScriptSection("import", "Import-Module in a fresh pwsh, beside an empty binary module with manifest and loader (goal: 25 ms more at most)", "Measure-Import.ps1"),
    new ScriptSection("firstuse", "Commands in a fresh pwsh, the first time and the second", "Measure-FirstUse.ps1"),
    new ScriptSection("client", "Sending down a pipeline, beside a script with TcpClient, StreamWriter and StreamReader (goals: 1 and 10 times its speed)", "Measure-Client.ps1"),
    new ScriptSection("latency", "Latencies as a fresh pwsh shows them, beside a C program on the same ports (goal: 0.2 ms more at most)", "Measure-Latency.ps1"),
    new ScriptSection("scan", "Scanning ports, beside nmap and a plain loop over TcpClient (below 1: faster)", "Measure-Scan.ps1"),
];

if (options.Only.Except(sections.Select(static s => s.Name)).ToArray() is { Length: > 0 } unknown)
{
    Console.Error.WriteLine($"There is no section {string.Join(", ", unknown)}.");
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

try
{
    var table = options.Markdown is { } page ? new SpeedTable(page) : null;
    if (options.From.Count > 0)
    {
        table?.Write(Report.Read(options.From));
        return 0;
    }

    using var bench = new Workbench(options);
    bench.Report.WriteHead(bench);
    var wanted = sections.Where(s => options.Only.Count == 0 || options.Only.Contains(s.Name)).ToArray();
    var measured = wanted.Where(s => bench.Yardstick is not null || !s.NeedsYardstick).ToArray();
    if (wanted.Except(measured).ToArray() is { Length: > 0 } left)
    {
        Console.WriteLine($"Left out: {string.Join(", ", left.Select(static s => s.Name))}. There is no yardstick: {bench.YardstickMissing}.");
    }

    foreach (var section in measured)
    {
        section.Run(bench);
    }

    if (options.Json is { } file)
    {
        bench.Report.Save(file);
    }

    table?.Write(bench.Report.Figures);

    return 0;
}
catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
{
    // No pwsh, no compiler, or something that was to be measured did not work: figures beside it would mislead.
    Console.Error.WriteLine(exception.Message);
    return 1;
}
