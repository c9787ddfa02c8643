using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using System.Text;
using System.Text.Json;

namespace PSSocketTools.Pester;

/// <summary>One PowerShell process that runs Pester files, and what it says while it does.</summary>
/// <param name="host">The PowerShell to run them in.</param>
/// <param name="root">The repository's root, which the process works in.</param>
/// <param name="listener">Is given each event as it comes.</param>
internal sealed class PesterRun(PowerShellHost host, string root, Action<PesterEvent> listener)
{
    private const int KeptLines = 40;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    // What is left to do after the last result: leave the process. The module under test may not hold that up.
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(60);

    // The last of what the tests print tells how far they came; the first of the errors tells what a crash was.
    private readonly Queue<string> _output = new();
    private readonly List<string> _errors = [];

    /// <summary>Runs the files.</summary>
    /// <returns>Null when the process did all it was asked to and left in order; else what happened.</returns>
    public async Task<string?> RunAsync(IReadOnlyList<string> files, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ended.CancelAfter(Limit);

        // Short, for the path of a Unix socket must hold it.
        var pipeName = "pester-" + Guid.NewGuid().ToString("N")[..12];
        using var pipe = new NamedPipeServerStream(
            pipeName, PipeDirection.In, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        using var process = new Process { StartInfo = StartInfo(pipeName, files) };
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            return $"{host.File} could not be started: {exception.Message}";
        }

        process.StandardInput.Close();
        var output = Task.WhenAll(DrainAsync(process.StandardOutput, KeepOutput), DrainAsync(process.StandardError, KeepError));
        string? trouble = null;
        try
        {
            await FollowAsync(process, pipe, ended.Token);
        }
        catch (TimeoutException)
        {
            trouble = $"{host.Name} did not end within {ExitLimit.TotalSeconds:0} s of its last result, and was killed.";
        }
        catch (OperationCanceledException)
        {
            trouble = cancellation.IsCancellationRequested
                ? "The run was cancelled."
                : $"{host.Name} was killed: the suite did not end within {Limit.TotalMinutes:0} minutes.";
        }
        catch (JsonException exception)
        {
            trouble = $"{host.Name} was killed: it said what no test is ({exception.Message}).";
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        trouble ??= process.ExitCode == 0 ? null : $"{host.Name} ended with exit code {process.ExitCode}.";
        return trouble is null ? null : await TellAsync(trouble, output);
    }

    /// <summary>Waits until the process has told all and left.</summary>
    private async Task FollowAsync(Process process, NamedPipeServerStream pipe, CancellationToken cancellation)
    {
        var exit = process.WaitForExitAsync(cancellation);
        var reading = ReadAsync(pipe, cancellation);
        if (await Task.WhenAny(reading, exit) == reading)
        {
            await reading;
            await exit.WaitAsync(ExitLimit, cancellation);
            return;
        }

        // What it wrote before it left is in the pipe still; one that never connected wrote nothing.
        await exit;
        if (pipe.IsConnected)
        {
            await reading.WaitAsync(ExitLimit, cancellation);
        }
    }

    private ProcessStartInfo StartInfo(string pipeName, IReadOnlyList<string> files)
    {
        var start = new ProcessStartInfo(host.File!)
        {
            WorkingDirectory = root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        string[] policy = OperatingSystem.IsWindows() ? ["-ExecutionPolicy", "Bypass"] : [];
        foreach (var argument in (string[])["-NoLogo", "-NoProfile", "-NonInteractive", .. policy,
            "-File", PesterSuite.Runner, "-PipeName", pipeName, "-FileList", string.Join('|', files)])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["POWERSHELL_UPDATECHECK"] = "Off";
        if (host.IsDesktop)
        {
            // Begun from within PowerShell 7, it would look for its modules among that one's.
            start.Environment.Remove("PSModulePath");
        }

        return start;
    }

    private async Task ReadAsync(NamedPipeServerStream pipe, CancellationToken cancellation)
    {
        await pipe.WaitForConnectionAsync(cancellation);
        using var reader = new StreamReader(pipe, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            listener(JsonSerializer.Deserialize<PesterEvent>(line, JsonSerializerOptions.Web)
                ?? throw new InvalidDataException($"Not an event: {line}"));
        }
    }

    private static async Task DrainAsync(StreamReader reader, Action<string> keep)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            keep(line);
        }
    }

    private void KeepOutput(string line)
    {
        lock (_output)
        {
            _output.Enqueue(line);
            if (_output.Count > KeptLines)
            {
                _output.Dequeue();
            }
        }
    }

    private void KeepError(string line)
    {
        lock (_errors)
        {
            if (_errors.Count < KeptLines)
            {
                _errors.Add(line);
            }
        }
    }

    /// <summary>A sentence with what the console says of it.</summary>
    private async Task<string> TellAsync(string sentence, Task output)
    {
        // A program that a test left running may hold the console open; what came is enough.
        await Task.WhenAny(output, Task.Delay(TimeSpan.FromSeconds(5)));
        List<string> told = [sentence];
        lock (_output)
        {
            if (_output.Count > 0)
            {
                told.AddRange(["Its last output:", .. _output]);
            }
        }

        lock (_errors)
        {
            if (_errors.Count > 0)
            {
                told.AddRange(["Its first errors:", .. _errors]);
            }
        }

        return string.Join('\n', told);
    }
}
