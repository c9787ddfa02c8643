using System.Globalization;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>What is measured in PowerShell itself: a script beside this file, which may be run on its own.</summary>
/// <param name="name">What <c>--only</c> calls it.</param>
/// <param name="title">The table's heading.</param>
/// <param name="script">The script; its output is the table's rows, a string among it a note.</param>
internal sealed class ScriptSection(string name, string title, string script) : Section(name, title)
{
    /// <inheritdoc/>
    public override bool NeedsYardstick => false;

    /// <inheritdoc/>
    public override void Run(Workbench bench)
    {
        var output = PowerShellProcess.RunScript(script, "-Rounds " + bench.Options.Runs.ToString(CultureInfo.InvariantCulture));
        var rows = output.OfType<JsonObject>().Select(static row => row.DeepClone()).ToArray();
        bench.Report.Add(Name, Title, new JsonArray(rows), output.OfType<JsonValue>().Select(static note => note.ToString()));
    }
}
