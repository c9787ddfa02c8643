namespace PSSocketTools.Tests.Server;

public sealed class AsyncEchoServerTests() : EchoServerTests("Async");
