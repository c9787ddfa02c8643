using System.Diagnostics;
using System.IO.Pipes;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PSSocketTools.Tools;

namespace PSSocketTools.Bench;

/// <summary>A pwsh with the module imported, that runs what it is given: the place where users have their servers.</summary>
/// <remarks>Code and results travel by a named pipe. The console's output belongs to PowerShell, which may write escape sequences and warnings to it.</remarks>
internal sealed class PowerShellProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // All of a bench's figures come from one PowerShell.
    private static readonly Lazy<PowerShellHost> Host = new(static () =>
        PowerShellHost.Find(Path.GetDirectoryName(Workbench.Folder)!, Console.WriteLine, out var missing) ?? throw new InvalidOperationException(missing));

    private readonly Process _process;
    private readonly NamedPipeServerStream _pipe;
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;
    private readonly StringBuilder _printed = new();

    private PowerShellProcess(string? transport, string? module)
    {
        var name = "pssockettools-bench-" + Guid.NewGuid().ToString("N");
        string[] arguments = module is null ? ["-Pipe", name] : ["-Pipe", name, "-Module", module];
        var start = Host.Value.StartInfo(Path.Combine(Workbench.Folder, "Host.ps1"), arguments);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        if (transport is not null)
        {
            start.Environment["PSSOCKETTOOLS_TRANSPORT"] = transport;
        }

        _pipe = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        _reader = new StreamReader(_pipe);
        _writer = new StreamWriter(_pipe);
        try
        {
            _process = Process.Start(start)!;
        }
        catch
        {
            _pipe.Dispose();
            throw;
        }

        _process.StandardInput.Close();
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its process id, which is not that of what was started where that is the .NET tool's shim.</summary>
    public int Id { get; private set; }

    /// <summary>Starts one.</summary>
    /// <param name="transport">What carries its servers' bytes; null leaves that to the module.</param>
    /// <param name="module">The manifest of the module; null for that of this repository.</param>
    /// <exception cref="InvalidOperationException">It ended, or was not ready within a minute.</exception>
    public static PowerShellProcess Start(string? transport = null, string? module = null)
    {
        var shell = new PowerShellProcess(transport, module);
        var connected = shell._pipe.WaitForConnectionAsync();
        if (Task.WaitAny([connected, shell._process.WaitForExitAsync()], Patience) == 0 && connected.IsCompletedSuccessfully)
        {
            shell.Id = shell.Invoke("$PID").GetValue<int>();
            return shell;
        }

        var failure = shell.Failure();
        shell._process.Kill();
        shell.Dispose();
        throw failure;
    }

    /// <summary>Runs a script of the bench in a fresh pwsh, and gives its output.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static JsonArray RunScript(string script, string arguments)
    {
        using var shell = Start();
        var path = Path.Combine(Workbench.Folder, script).Replace("'", "''", StringComparison.Ordinal);

        // A single result would come as it is, not as an array of one.
        return shell.Invoke($", @(& '{path}' {arguments})").AsArray();
    }

    /// <summary>Runs a line, and gives what it gave out.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public JsonNode Invoke(string code)
    {
        string? line;
        try
        {
            _writer.WriteLine(JsonSerializer.Serialize(code));
            _writer.Flush();
            line = _reader.ReadLine();
        }
        catch (IOException)
        {
            line = null;
        }

        var reply = JsonNode.Parse(line ?? throw Failure())!;
        return reply["Error"] is { } error ? throw new InvalidOperationException($"{error}: {code}") : reply["Value"]!;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // It ends when the pipe does.
        _pipe.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_printed)
        {
            _printed.AppendLine(line.Data);
        }
    }

    private InvalidOperationException Failure()
    {
        lock (_printed)
        {
            return new InvalidOperationException($"pwsh {(_process.HasExited ? "ended" : "does not answer")}. It printed: {_printed.ToString().Trim()}");
        }
    }
}
