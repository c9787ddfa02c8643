namespace PSSocketTools.Tests.Server.Transport;

public sealed class AsyncDatagramServerTests() : DatagramServerTests("Async");
