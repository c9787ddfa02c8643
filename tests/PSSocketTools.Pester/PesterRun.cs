using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using PSSocketTools.Tools;

namespace PSSocketTools.Pester;

/// <summary>What became of a test, or of what is none but must be told: a file, a setup, the run itself.</summary>
/// <param name="IsTest">Whether it is a test, which a filter may leave out of the report.</param>
/// <param name="Name">A test's path of names, expanded.</param>
/// <param name="File">The file it is in.</param>
/// <param name="Line">The line in that file, from 1.</param>
/// <param name="Outcome">What Pester calls it: Passed, Failed, Skipped or Inconclusive.</param>
/// <param name="DurationMilliseconds">How long it took.</param>
/// <param name="Message">What went wrong, or why it was skipped.</param>
/// <param name="Stack">Where it went wrong.</param>
internal sealed record PesterResult(bool IsTest, string Name, string File, int Line, string Outcome, double DurationMilliseconds, string? Message, string? Stack);

/// <summary>One PowerShell process that runs the suite once and leaves its results in a file.</summary>
/// <param name="host">The PowerShell to run it in.</param>
/// <param name="pesterManifest">The manifest of the Pester that the build brought.</param>
/// <param name="isPesterRequired">Whether it has to be that Pester, even where PowerShell has one of its own.</param>
internal sealed class PesterRun(PowerShellHost host, string pesterManifest, bool isPesterRequired)
{
    private const int KeptLines = 40;

    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "Invoke-PesterSuite.ps1");

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(40);

    // The last of the output tells how far the suite came; the first of the errors tells what a crash was.
    private readonly Queue<string> _output = new();
    private readonly List<string> _errors = [];

    /// <summary>Runs the files.</summary>
    /// <returns>The results, with one more that failed when the process crashed, was killed, or left none.</returns>
    public IReadOnlyList<PesterResult> Run(IReadOnlyList<string> files, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("pester-");
        try
        {
            var resultFile = Path.Combine(folder.FullName, "results.json");
            var trouble = RunProcessAsync(resultFile, files, cancellation).GetAwaiter().GetResult();
            var results = new List<PesterResult>();
            if (File.Exists(resultFile))
            {
                results.AddRange(JsonSerializer.Deserialize<PesterResult[]>(File.ReadAllText(resultFile), JsonSerializerOptions.Web)!);
            }
            else
            {
                trouble ??= "PowerShell ended before the suite did. Does a test call 'exit'?";
            }

            if (trouble is not null)
            {
                results.Add(new PesterResult(false, "(PowerShell)", Script, 1, "Failed", 0, Tell(trouble), null));
            }

            return results;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Runs the process to its end.</summary>
    /// <returns>Null when it ended in order; else what happened.</returns>
    private async Task<string?> RunProcessAsync(string resultFile, IReadOnlyList<string> files, CancellationToken cancellation)
    {
        var start = host.StartInfo(
            Script, "-ResultFile", resultFile, "-FileList", string.Join('|', files), "-PesterManifest", pesterManifest, "-PesterRequired", isPesterRequired ? "1" : "0");
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.StandardOutputEncoding = Encoding.UTF8;
        start.StandardErrorEncoding = Encoding.UTF8;
        using var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => KeepOutput(line.Data);
        process.ErrorDataReceived += (_, line) => KeepError(line.Data);
        process.EnableRaisingEvents = true;
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => exited.TrySetResult();
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            return $"{start.FileName} could not be started: {exception.Message}";
        }

        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await exited.Task.WaitAsync(Limit, cancellation);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return exception is TimeoutException ? $"PowerShell was killed: the suite did not end within {Limit.TotalMinutes:0} minutes." : "The run was cancelled.";
        }

        // The rest of the output; a program that a test left running may hold it open.
        await Task.WhenAny(process.WaitForExitAsync(CancellationToken.None), Task.Delay(TimeSpan.FromSeconds(5), cancellation));
        return process.ExitCode == 0 ? null : $"PowerShell ended with exit code {process.ExitCode}.";
    }

    private void KeepOutput(string? line)
    {
        lock (_output)
        {
            if (line is not null)
            {
                _output.Enqueue(line);
            }

            if (_output.Count > KeptLines)
            {
                _output.Dequeue();
            }
        }
    }

    private void KeepError(string? line)
    {
        lock (_output)
        {
            if (line is not null && _errors.Count < KeptLines)
            {
                _errors.Add(line);
            }
        }
    }

    /// <summary>A sentence with what was printed.</summary>
    private string Tell(string sentence)
    {
        lock (_output)
        {
            List<string> told = [sentence];
            if (_output.Count > 0)
            {
                told.AddRange(["The end of its output:", .. _output]);
            }

            if (_errors.Count > 0)
            {
                told.AddRange(["Its first errors:", .. _errors]);
            }

            return string.Join('\n', told);
        }
    }
}
