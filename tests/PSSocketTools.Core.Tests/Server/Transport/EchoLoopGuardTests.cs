using System.Net;
using PSSocketTools.Server.Transport.Datagrams;
using PSSocketTools.Tests.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

public sealed class EchoLoopGuardTests
{
    private readonly ManualClock _clock = new();
    private readonly List<IPAddress> _ownAddresses = [IPAddress.Loopback, IPAddress.Parse("192.0.2.7"), IPAddress.Parse("2001:db8::7")];

    [Theory]
    [InlineData("192.0.2.99", 7)]
    [InlineData("192.0.2.99", 9)]
    [InlineData("192.0.2.99", 13)]
    [InlineData("192.0.2.99", 17)]
    [InlineData("192.0.2.99", 19)]
    [InlineData("2001:db8::99", 37)]
    [InlineData("127.0.0.1", 5000)]
    [InlineData("127.200.1.1", 5000)]
    [InlineData("::1", 5000)]
    [InlineData("192.0.2.7", 5000)]
    [InlineData("2001:db8::7", 5000)]
    public void A_loop_could_form_with_services_that_respond_and_with_the_server_itself(string address, int port) =>
        Assert.True(Make().WouldLoop(new IPEndPoint(IPAddress.Parse(address), port)));

    [Theory]
    [InlineData("192.0.2.7", 5001)]
    [InlineData("127.0.0.1", 5001)]
    [InlineData("192.0.2.99", 5000)]
    [InlineData("2001:db8::99", 5000)]
    [InlineData("192.0.2.99", 70)]
    public void No_loop_forms_with_other_ports(string address, int port) => Assert.False(Make().WouldLoop(new IPEndPoint(IPAddress.Parse(address), port)));

    [Fact]
    public void An_address_added_later_is_known_soon()
    {
        var loops = Make();
        var later = new IPEndPoint(IPAddress.Parse("198.51.100.7"), 5000);
        Assert.False(loops.WouldLoop(later));

        _ownAddresses.Add(later.Address);
        Assert.False(loops.WouldLoop(later));
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.True(loops.WouldLoop(later));
    }

    private EchoLoopGuard Make() => new(5000, _clock, () => _ownAddresses);
}
