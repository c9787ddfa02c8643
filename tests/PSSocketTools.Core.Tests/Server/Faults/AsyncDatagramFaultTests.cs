namespace PSSocketTools.Tests.Server.Faults;

public sealed class AsyncDatagramFaultTests() : DatagramFaultTests("Async");
