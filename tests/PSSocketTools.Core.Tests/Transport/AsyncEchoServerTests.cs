namespace PSSocketTools.Tests.Transport;

public sealed class AsyncEchoServerTests() : EchoServerTests("Async");
