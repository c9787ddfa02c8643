using System.ComponentModel;
using System.Reflection;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Adapter;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;
using PSSocketTools.Tools;

namespace PSSocketTools.Pester;

/// <summary>Runs the Pester suite for the test platform: it lists the suite's files, and reports each of their tests by name once they have run.</summary>
/// <remarks>Only PowerShell knows the tests in a file, so that a filter by name chooses what is reported, not what is run.</remarks>
[FileExtension(".dll")]
[DefaultExecutorUri(Uri)]
[ExtensionUri(Uri)]
[Category("managed")]
public sealed class PesterAdapter : ITestDiscoverer, ITestExecutor, IDisposable
{
    private const string Uri = "executor://pssockettools/pester";

    private readonly CancellationTokenSource _cancelled = new();

    private static string Root => Metadata("RepositoryRoot");

    /// <inheritdoc/>
    public void DiscoverTests(IEnumerable<string> sources, IDiscoveryContext discoveryContext, IMessageLogger logger, ITestCaseDiscoverySink discoverySink)
    {
        foreach (var source in sources)
        {
            foreach (var file in SuiteFiles())
            {
                discoverySink.SendTestCase(Case(source, Path.GetFileName(file), file, 1));
            }
        }
    }

    /// <inheritdoc/>
    public void RunTests(IEnumerable<string>? sources, IRunContext? runContext, IFrameworkHandle? frameworkHandle)
    {
        // A property this adapter does not know has no value, and matches nothing.
        var filter = runContext?.GetTestCaseFilter(["FullyQualifiedName", "DisplayName", "Name"], static _ => null!);
        foreach (var source in sources ?? [])
        {
            Run(source, SuiteFiles(), frameworkHandle!, test => filter?.MatchTestCase(test, name => name is "FullyQualifiedName" or "DisplayName" or "Name" ? test.DisplayName : null) ?? true);
        }
    }

    /// <inheritdoc/>
    public void RunTests(IEnumerable<TestCase>? tests, IRunContext? runContext, IFrameworkHandle? frameworkHandle)
    {
        foreach (var ofSource in (tests ?? []).GroupBy(static test => test.Source))
        {
            Run(ofSource.Key, [.. ofSource.Select(static test => test.CodeFilePath!).Distinct()], frameworkHandle!, static _ => true);
        }
    }

    /// <inheritdoc/>
    public void Cancel() => _cancelled.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _cancelled.Dispose();

    private static IReadOnlyList<string> SuiteFiles() =>
        [.. Directory.EnumerateFiles(Path.Combine(Root, "tests", "Pester"), "*.Tests.ps1", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static string Metadata(string key) =>
        typeof(PesterAdapter).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == key).Value ?? string.Empty;

    private static TestCase Case(string source, string name, string file, int line) =>
        new(name, new Uri(Uri), source) { DisplayName = name, CodeFilePath = file, LineNumber = line };

    private void Run(string source, IReadOnlyList<string> files, IFrameworkHandle frameworkHandle, Func<TestCase, bool> isWanted)
    {
        var core = PowerShellHost.Find(Root, line => frameworkHandle.SendMessage(TestMessageLevel.Informational, line), out var missing);
        Report("PowerShell", core is null ? [new(false, "(PowerShell)", string.Empty, 1, "Skipped", 0, missing, null)] : RunIn(core, string.Empty));
        if (OperatingSystem.IsWindows())
        {
            Report("Windows PowerShell", RunIn(PowerShellHost.WindowsPowerShell(Root), " [Windows PowerShell]"));
        }

        IReadOnlyList<PesterResult> RunIn(PowerShellHost host, string suffix) =>
            [.. new PesterRun(host, Metadata("PesterManifest"), Metadata("PesterRequired") == "true").Run(files, _cancelled.Token)
                .Select(result => result with { Name = result.Name + suffix })];

        void Report(string edition, IReadOnlyList<PesterResult> results)
        {
            var seen = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var result in results)
            {
                // Each result needs a name of its own; a test that bears another's gets a number.
                var number = seen[result.Name] = seen.GetValueOrDefault(result.Name) + 1;
                var test = Case(source, number == 1 ? result.Name : $"{result.Name} #{number}", result.File, result.Line);
                if (result.IsTest && !isWanted(test))
                {
                    continue;
                }

                if (!result.IsTest && result.Outcome == "Skipped")
                {
                    frameworkHandle.SendMessage(TestMessageLevel.Warning, $"The Pester suite did not run in {edition}. {result.Message}");
                }

                var outcome = result.Outcome switch
                {
                    "Passed" => TestOutcome.Passed,
                    "Skipped" or "Inconclusive" => TestOutcome.Skipped,
                    _ => TestOutcome.Failed,
                };
                frameworkHandle.RecordStart(test);
                frameworkHandle.RecordResult(new TestResult(test)
                {
                    Outcome = outcome,
                    Duration = TimeSpan.FromMilliseconds(result.DurationMilliseconds),
                    ErrorMessage = outcome == TestOutcome.Failed && string.IsNullOrEmpty(result.Message) ? "Pester gives no reason." : result.Message,
                    ErrorStackTrace = result.Stack,
                });
                frameworkHandle.RecordEnd(test, outcome);
            }
        }
    }
}
