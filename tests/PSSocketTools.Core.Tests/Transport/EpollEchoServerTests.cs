#if !NETSTANDARD_BUILD
using Xunit;

namespace PSSocketTools.Tests.Transport;

[Trait("System", "Linux")]
public sealed class EpollEchoServerTests() : EchoServerTests("Epoll");
#endif
