using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>A pwsh with the module imported, that runs what it is told: the place where users have their servers.</summary>
internal sealed class PowerShellProcess : IDisposable
{
    private readonly Process _process;

    private PowerShellProcess(Process process) => _process = process;

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts one.</summary>
    /// <param name="transport">What carries its servers' bytes; null leaves that to the module.</param>
    public static PowerShellProcess Start(string? transport = null)
    {
        var start = StartInfo("-File", Path.Combine(Workbench.Folder, "Host.ps1"));
        start.RedirectStandardInput = true;
        start.StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        if (transport is not null)
        {
            start.Environment["PSSOCKETTOOLS_TRANSPORT"] = transport;
        }

        return new PowerShellProcess(Process.Start(start)!);
    }

    /// <summary>Runs a script of the bench in a fresh pwsh, and gives its output.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static JsonArray RunScript(string script, string arguments)
    {
        var path = Path.Combine(Workbench.Folder, script).Replace("'", "''", StringComparison.Ordinal);
        var start = StartInfo("-Command", $"& '{path}' {arguments} | ConvertTo-Json -Depth 3 -AsArray -Compress");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 && output.Length > 0
            ? JsonNode.Parse(output)!.AsArray()
            : throw new InvalidOperationException($"{script} failed. Run it by hand: pwsh -File {path} {arguments}");
    }

    /// <summary>Runs a line, and gives what it gave out.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public JsonNode Invoke(string code)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(code));
        _process.StandardInput.Flush();
        var reply = JsonNode.Parse(_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("pwsh ended."))!;
        return reply["Error"] is { } error ? throw new InvalidOperationException(error.GetValue<string>()) : reply["Value"]!;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(params string[] arguments) => new("pwsh", ["-NoLogo", "-NoProfile", "-NonInteractive", .. arguments])
    {
        RedirectStandardOutput = true,
        StandardOutputEncoding = Encoding.UTF8,
    };
}
