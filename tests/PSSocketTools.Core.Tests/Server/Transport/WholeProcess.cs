using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>Counts what the whole process has, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(WholeProcess), DisableParallelization = true)]
public sealed class WholeProcess;
