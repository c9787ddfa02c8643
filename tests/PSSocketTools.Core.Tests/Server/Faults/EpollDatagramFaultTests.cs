#if !NETSTANDARD_BUILD
using Xunit;

namespace PSSocketTools.Tests.Server.Faults;

[Trait("System", "Linux")]
public sealed class EpollDatagramFaultTests() : DatagramFaultTests("Epoll");
#endif
