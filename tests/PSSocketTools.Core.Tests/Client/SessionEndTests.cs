using PSSocketTools.Client;
using Xunit;

namespace PSSocketTools.Tests.Client;

public sealed class SessionEndTests
{
    [Theory]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    public void A_server_that_closes_right_after_the_TLS_handshake_may_want_a_certificate(bool useTls, bool isAtOnce, bool isNamed)
    {
        var facts = new SessionContext(new SessionOptions { ComputerName = "lab", Port = 7, UseTls = useTls }, this);
        var error = SessionEnd.ByServer(facts, isAfterHalfClose: false, isAtOnce).FirstError;
        Assert.Equal(SocketToolsError.ServerClosed, error.Error);
        Assert.Equal(isNamed, error.Message.Contains(nameof(SessionOptions.ClientCertificate), StringComparison.Ordinal));
    }
}
