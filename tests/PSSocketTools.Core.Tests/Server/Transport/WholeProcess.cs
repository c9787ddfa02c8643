using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>For tests that count what the whole process has, so that no other test may run meanwhile.</summary>
[CollectionDefinition(nameof(WholeProcess), DisableParallelization = true)]
public sealed class WholeProcess;
