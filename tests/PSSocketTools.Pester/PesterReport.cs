using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Adapter;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace PSSocketTools.Pester;

/// <summary>Turns what one PowerShell says of the suite into results, and what it fails to say into failures.</summary>
internal sealed class PesterReport(string source, PowerShellHost host, IFrameworkHandle frameworkHandle, Func<TestCase, bool> isWanted)
{
    private readonly ResultNames _names = new(host);
    private readonly HashSet<string> _begun = [];
    private string? _running;
    private string? _unfit;
    private bool _ended;

    /// <summary>Runs the files and reports their tests.</summary>
    public void Run(string root, IReadOnlyList<string> files, IEnumerable<WrittenTest> written, CancellationToken cancellation)
    {
        if (host.File is null)
        {
            Skip(written, $"No {host.Command} is on the PATH. {PowerShellHost.HowToGet}");
            return;
        }

        var failure = new PesterRun(host, root, Hear).RunAsync(files, cancellation).GetAwaiter().GetResult();
        if (_unfit is not null)
        {
            Skip(written, _unfit);
        }
        else if (!_ended)
        {
            failure ??= $"{host.Name} ended before the suite did.";
            if (_running is null)
            {
                Fail($"({host.Name})", failure, null, PesterSuite.Runner, 1);
            }

            foreach (var file in files.Where(file => file == _running || !_begun.Contains(file)))
            {
                var what = file == _running ? failure : $"Not run, for {host.Name} did not get past {Path.GetFileName(_running) ?? "its start"}.";
                Fail($"{Path.GetFileName(file)}.(the file)", what, null, file, 1);
            }
        }
        else if (failure is not null)
        {
            Fail($"({host.Name})", failure, null, PesterSuite.Runner, 1);
        }
    }

    private void Hear(PesterEvent said)
    {
        switch (said.Kind)
        {
            case "unfit":
                _unfit = said.Reason;
                break;
            case "file":
                _running = said.File!;
                _begun.Add(_running);
                break;
            case "test":
                Record(said);
                break;
            case "failure":
                Fail(said.Name!, said.Message!, said.Stack, said.File!, said.Line);
                break;
            case "end":
                _ended = true;
                break;
            default:
                throw new InvalidDataException($"The suite's script said '{said.Kind}'.");
        }
    }

    private void Record(PesterEvent said)
    {
        var test = PesterTest.Case(source, _names.Unique(said.Name!), said.File!, said.Line);
        if (!isWanted(test))
        {
            return;
        }

        var outcome = said.Result switch
        {
            "Passed" => TestOutcome.Passed,
            "Skipped" or "Inconclusive" => TestOutcome.Skipped,
            _ => TestOutcome.Failed,
        };
        Record(new TestResult(test)
        {
            Outcome = outcome,
            Duration = TimeSpan.FromMilliseconds(said.Duration),
            StartTime = said.Started,
            EndTime = said.Started.AddMilliseconds(said.Duration),
            ErrorMessage = outcome == TestOutcome.Failed && string.IsNullOrEmpty(said.Message) ? "Pester gives no reason; does the test call 'exit'?" : said.Message,
            ErrorStackTrace = said.Stack,
        });
    }

    /// <summary>Reports what is no test but must not be lost, whatever tests were asked for.</summary>
    private void Fail(string name, string message, string? stack, string file, int line) =>
        Record(new TestResult(PesterTest.Case(source, _names.Unique(name), file, line))
        {
            Outcome = TestOutcome.Failed,
            ErrorMessage = message,
            ErrorStackTrace = stack,
        });

    private void Skip(IEnumerable<WrittenTest> written, string reason)
    {
        var count = 0;
        foreach (var test in written.Select(test => PesterTest.Case(source, _names.Unique(test.Name), test.File, test.Line)).Where(isWanted))
        {
            Record(new TestResult(test) { Outcome = TestOutcome.Skipped, ErrorMessage = reason });
            count++;
        }

        frameworkHandle.SendMessage(TestMessageLevel.Warning, $"THE PESTER SUITE DID NOT RUN: {count} tests are skipped. {reason}");
    }

    private void Record(TestResult result)
    {
        frameworkHandle.RecordStart(result.TestCase);
        frameworkHandle.RecordResult(result);
        frameworkHandle.RecordEnd(result.TestCase, result.Outcome);
    }
}
