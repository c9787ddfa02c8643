using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>The figures, as tables while they come and as JSON at the end.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>All figures so far: what was measured on, and of each section its rows.</summary>
    public JsonObject Figures { get; } = [];

    /// <summary>Reads what <see cref="Save"/> has written: what the first file was measured on, and the rows of all.</summary>
    /// <exception cref="InvalidOperationException">There is no such file, or it is none of these.</exception>
    public static JsonObject Read(IEnumerable<string> files)
    {
        var figures = new JsonObject();
        foreach (var file in files)
        {
            try
            {
                foreach (var (name, section) in JsonNode.Parse(File.ReadAllText(file))!.AsObject())
                {
                    if (!figures.TryAdd(name, section?.DeepClone()) && section?["rows"] is JsonArray rows)
                    {
                        rows.ToList().ForEach(row => figures[name]!["rows"]!.AsArray().Add(row?.DeepClone()));
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or JsonException)
            {
                throw new InvalidOperationException($"{file}: {exception.Message}", exception);
            }
        }

        return figures;
    }

    /// <summary>Says when and on what it is measured.</summary>
    public void WriteHead(Workbench bench)
    {
        using var shell = PowerShellProcess.Start();
        var machine = new JsonObject
        {
            ["Date"] = DateTimeOffset.Now.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture),
            ["System"] = RuntimeInformation.OSDescription,
            ["Processor"] = ProcessorName(),
            ["Cores"] = Environment.ProcessorCount,
            ["PowerShell"] = shell.Invoke("\"$($PSVersionTable.PSVersion) on $([Runtime.InteropServices.RuntimeInformation]::FrameworkDescription)\"").GetValue<string>(),
            ["Module"] = shell.Invoke("\"$((Get-Module PSSocketTools).Version)\"").GetValue<string>(),
            ["LoadBefore"] = LoadAverage(),
            ["Runs"] = bench.Options.Runs,
            ["Seconds"] = bench.Options.Seconds,
        };
        Figures["machine"] = machine;
        foreach (var (name, value) in machine)
        {
            Console.WriteLine($"{name,-11} {Text(value)}");
        }

        if (LoadAverage() is { } load && double.Parse(load.Split(' ')[0], CultureInfo.InvariantCulture) > Environment.ProcessorCount / 2.0)
        {
            Console.WriteLine("The machine is busy with something else: take these figures, the ratios too, for a rough idea.");
        }

        Console.WriteLine("Medians; absolute figures hold for this machine and this minute only.");
    }

    /// <summary>Shows rows as a table, and keeps them.</summary>
    public void Add(string name, string title, JsonArray rows, IEnumerable<string> notes)
    {
        Console.WriteLine();
        Console.WriteLine($"== {name}: {title}");
        var columns = rows.SelectMany(static row => row!.AsObject().Select(static cell => cell.Key)).Distinct().ToArray();
        var lines = rows.Select(row => columns.Select(column => Text(row![column])).ToArray()).Prepend(columns).ToArray();
        var widths = columns.Select((_, i) => lines.Max(line => line[i].Length)).ToArray();
        foreach (var line in lines)
        {
            var cells = columns.Select((column, i) => IsNumeric(rows, column) ? line[i].PadLeft(widths[i]) : line[i].PadRight(widths[i]));
            Console.WriteLine(string.Join("  ", cells).TrimEnd());
        }

        var said = notes.ToArray();
        Array.ForEach(said, Console.WriteLine);
        Figures[name] = new JsonObject { ["title"] = title, ["rows"] = rows, ["notes"] = new JsonArray([.. said.Select(static n => JsonValue.Create(n))]) };
    }

    /// <summary>Writes all to a file.</summary>
    public void Save(string file) => File.WriteAllText(file, Figures.ToJsonString(Readable) + "\n");

    private static bool IsNumeric(JsonArray rows, string column) =>
        rows.Select(row => row![column]).Where(static cell => cell is not null).All(static cell => cell!.GetValueKind() == JsonValueKind.Number);

    private static string Text(JsonNode? cell) => cell switch
    {
        null => string.Empty,
        _ when cell.GetValueKind() != JsonValueKind.Number => cell.ToString(),
        _ => Text(double.Parse(cell.ToJsonString(), CultureInfo.InvariantCulture)),
    };

    // What is added makes a negative zero a plain one.
    private static string Text(double number) => (number + 0.0).ToString(
        number == Math.Floor(number) ? "#,0" : Math.Abs(number) switch { >= 1000 => "#,0", >= 100 => "0.0", >= 0.1 => "0.00", _ => "0.0000" },
        CultureInfo.InvariantCulture);

    private static string ProcessorName()
    {
        const string Information = "/proc/cpuinfo";
        return (File.Exists(Information) ? File.ReadLines(Information).FirstOrDefault(static l => l.StartsWith("model name", StringComparison.Ordinal)) : null)
            ?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static string? LoadAverage()
    {
        const string Information = "/proc/loadavg";
        return File.Exists(Information) ? string.Join(' ', File.ReadAllText(Information).Split(' ').Take(3)) : null;
    }
}
