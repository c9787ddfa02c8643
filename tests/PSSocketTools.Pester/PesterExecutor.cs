using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Adapter;

namespace PSSocketTools.Pester;

/// <summary>Runs the suite, once in each edition of PowerShell the system has, and reports every test by its name.</summary>
[ExtensionUri(PesterTest.ExecutorUri)]
public sealed class PesterExecutor : ITestExecutor, IDisposable
{
    private readonly CancellationTokenSource _cancelled = new();

    /// <inheritdoc/>
    public void RunTests(IEnumerable<string>? sources, IRunContext? runContext, IFrameworkHandle? frameworkHandle)
    {
        ArgumentNullException.ThrowIfNull(frameworkHandle);

        // Properties this adapter does not know match nothing, as those of a test without them.
        var filter = runContext?.GetTestCaseFilter(null, _ => null!);
        foreach (var source in sources ?? [])
        {
            Run(source, frameworkHandle, filter is null ? _ => true : test => filter.MatchTestCase(test, property => Property(test, property)), isFilter: filter is not null);
        }
    }

    /// <inheritdoc/>
    public void RunTests(IEnumerable<TestCase>? tests, IRunContext? runContext, IFrameworkHandle? frameworkHandle)
    {
        ArgumentNullException.ThrowIfNull(frameworkHandle);
        foreach (var ofSource in (tests ?? []).GroupBy(test => test.Source))
        {
            // By place and not by name, for the names of tests with data are known only once they run.
            var places = ofSource.Select(test => (test.CodeFilePath, test.LineNumber)).ToHashSet();
            Run(ofSource.Key, frameworkHandle, test => places.Contains((test.CodeFilePath, test.LineNumber)), isFilter: false);
        }
    }

    /// <inheritdoc/>
    public void Cancel() => _cancelled.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _cancelled.Dispose();

    private static string? Property(TestCase test, string name) => name switch
    {
        "FullyQualifiedName" => test.FullyQualifiedName,
        "DisplayName" or "Name" => test.DisplayName,
        _ => null,
    };

    private void Run(string source, IFrameworkHandle frameworkHandle, Func<TestCase, bool> isWanted, bool isFilter)
    {
        var root = PesterSuite.Root(source);
        var files = PesterSuite.Files(root);
        foreach (var host in PowerShellHost.OfThisSystem())
        {
            var written = files.ToDictionary(file => file, file => PesterNames.Read(file, host.IsDesktop));

            // A filter for other tests should not run these. A name yet to be expanded may turn out to match.
            var wanted = files.Where(file => written[file].Count == 0
                || written[file].Any(test => (isFilter && test.IsTemplate) || isWanted(PesterTest.Case(source, test.Name + host.Suffix, test.File, test.Line)))).ToList();
            if (wanted.Count > 0 && !_cancelled.IsCancellationRequested)
            {
                new PesterReport(source, host, frameworkHandle, isWanted).Run(root, wanted, wanted.SelectMany(file => written[file]), _cancelled.Token);
            }
        }
    }
}
