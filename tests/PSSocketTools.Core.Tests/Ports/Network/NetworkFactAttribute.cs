using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace PSSocketTools.Tests.Ports.Network;

/// <summary>A test in network namespaces of its own; where the system lets none be made it is left out, as tests of other systems are.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("PSSocketTools.Tests.Ports.Network.NetworkFactDiscoverer", TestAssembly)]
public sealed class NetworkFactAttribute : FactAttribute
{
    /// <summary>Whether the test has the network drop datagrams, which some kernels are built without.</summary>
    public bool DropsDatagrams { get; init; }

#if NETSTANDARD_BUILD
    private const string TestAssembly = "PSSocketTools.Core.Tests.NetStandard";
#else
    private const string TestAssembly = "PSSocketTools.Core.Tests";
#endif
}

/// <summary>Finds such a test where it can run.</summary>
public sealed class NetworkFactDiscoverer(IMessageSink diagnosticMessageSink) : IXunitTestCaseDiscoverer
{
    private readonly FactDiscoverer _facts = new(diagnosticMessageSink);

    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        (factAttribute.GetNamedArgument<bool>(nameof(NetworkFactAttribute.DropsDatagrams)) ? NetworkLab.CanDropDatagrams : NetworkLab.IsPossible)
            ? _facts.Discover(discoveryOptions, testMethod, factAttribute)
            : [];
}
