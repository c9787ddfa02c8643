using System.ComponentModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Adapter;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace PSSocketTools.Pester;

/// <summary>Lists the suite's tests as they are written; needs no PowerShell.</summary>
[FileExtension(".dll")]
[DefaultExecutorUri(PesterTest.ExecutorUri)]
[Category("managed")]
public sealed class PesterDiscoverer : ITestDiscoverer
{
    /// <inheritdoc/>
    public void DiscoverTests(IEnumerable<string> sources, IDiscoveryContext discoveryContext, IMessageLogger logger, ITestCaseDiscoverySink discoverySink)
    {
        foreach (var source in sources)
        {
            foreach (var host in PowerShellHost.OfThisSystem())
            {
                var results = new ResultNames(host);
                foreach (var test in PesterSuite.Files(PesterSuite.Root(source)).SelectMany(file => PesterNames.Read(file, host.IsDesktop)))
                {
                    discoverySink.SendTestCase(PesterTest.Case(source, results.Unique(test.Name), test.File, test.Line));
                }
            }
        }
    }
}
