#if !NETSTANDARD_BUILD
using Xunit;

namespace PSSocketTools.Tests.Server;

[Trait("System", "Linux")]
public sealed class EpollEchoServerTests() : EchoServerTests("Epoll");
#endif
