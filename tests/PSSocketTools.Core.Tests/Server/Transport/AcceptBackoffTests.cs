using PSSocketTools.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

public sealed class AcceptBackoffTests
{
    [Fact]
    public void It_doubles_up_to_a_second_and_restarts_after_a_successful_accept()
    {
        var backoff = new AcceptBackoff();
        Assert.Equal([50, 100, 200, 400, 800, 1000, 1000], Enumerable.Range(0, 7).Select(_ => backoff.Next()));
        backoff.Reset();
        Assert.Equal(50, backoff.Next());
    }
}
