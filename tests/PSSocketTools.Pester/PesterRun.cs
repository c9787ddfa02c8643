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
    private const int TailLines = 60;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    // What is left to do after the last result: leave the process. The module under test may not hold that up.
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(60);

    private readonly Queue<string> _tail = new();

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
        var output = Task.WhenAll(DrainAsync(process.StandardOutput), DrainAsync(process.StandardError));
        try
        {
            var exit = process.WaitForExitAsync(ended.Token);
            var reading = ReadAsync(pipe, ended.Token);
            if (await Task.WhenAny(reading, exit) == exit)
            {
                await exit;
                // What it wrote before it left is in the pipe still; a process that never connected wrote nothing.
                if (pipe.IsConnected)
                {
                    await reading.WaitAsync(ExitLimit, ended.Token);
                }
            }
            else
            {
                await reading;
                await exit.WaitAsync(ExitLimit, ended.Token);
            }
        }
        catch (TimeoutException)
        {
            Kill(process);
            return await TellAsync($"{host.Name} did not end within {ExitLimit.TotalSeconds:0} s of its last result, and was killed.", output);
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            return await TellAsync(
                cancellation.IsCancellationRequested ? "The run was cancelled." : $"{host.Name} was killed: the suite did not end within {Limit.TotalMinutes:0} minutes.",
                output);
        }

        return process.ExitCode == 0 ? null : await TellAsync($"{host.Name} ended with exit code {process.ExitCode}.", output);
    }

    private static void Kill(Process process)
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
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

    private async Task DrainAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_tail)
            {
                _tail.Enqueue(line);
                if (_tail.Count > TailLines)
                {
                    _tail.Dequeue();
                }
            }
        }
    }

    /// <summary>A sentence and the last lines of the console.</summary>
    private async Task<string> TellAsync(string sentence, Task output)
    {
        // A program that a test left running may hold the console open; what came is enough.
        await Task.WhenAny(output, Task.Delay(TimeSpan.FromSeconds(5)));
        lock (_tail)
        {
            return _tail.Count == 0 ? sentence : $"{sentence} Its last output:\n{string.Join('\n', _tail)}";
        }
    }
}
