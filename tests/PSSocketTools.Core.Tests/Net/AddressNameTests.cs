using System.Net;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class AddressNameTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("LocalHost")]
    [InlineData("localhost.")]
    [InlineData("a.localhost")]
    [InlineData("a.b.LOCALHOST.")]
    public async Task Localhost_is_the_loopback_of_each_family_the_machine_has(string name)
    {
        Assert.Equal(WhereOn(IPAddress.Loopback, IPAddress.IPv6Loopback), AddressName.ToLocal(name));
        Assert.Equal(WhereOn(IPAddress.Loopback, IPAddress.IPv6Loopback), await AddressName.ToAddressesAsync(name));
    }

    [Theory]
    [InlineData("notlocalhost.invalid")]
    [InlineData("localhost.invalid")]
    [InlineData(".localhost")]
    [InlineData("localhost..")]
    public async Task What_only_looks_like_localhost_is_not_found(string name) =>
        Assert.Equal(
            SocketToolsError.NameNotFound,
            (await Assert.ThrowsAsync<SocketToolsException>(() => AddressName.ToAddressesAsync(name))).Error);

    [Theory]
    [InlineData("Any")]
    [InlineData("any")]
    [InlineData("*")]
    public void Any_is_every_address_of_each_family_the_machine_has(string name) =>
        Assert.Equal(WhereOn(IPAddress.Any, IPAddress.IPv6Any), AddressName.ToLocal(name));

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("[::1]", "::1")]
    [InlineData("2001:DB8:0:0::7", "2001:db8::7")]
    public async Task An_address_is_itself(string text, string expected)
    {
        Assert.Equal([IPAddress.Parse(expected)], AddressName.ToLocal(text));
        Assert.Equal([IPAddress.Parse(expected)], await AddressName.ToAddressesAsync(text));
    }

    [Theory]
    [InlineData("7000")]
    [InlineData("0x7f000001")]
    [InlineData("[::1]:7000")]
    [InlineData("127.0.0.1:7000")]
    [InlineData("")]
    // Longer than a label may be (RFC 1035, section 2.3.4), so that no name server is asked.
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public async Task What_is_neither_a_name_nor_an_address_is_not_found(string text)
    {
        SocketToolsException[] refusals =
        [
            Assert.Throws<SocketToolsException>(() => AddressName.ToLocal(text)),
            await Assert.ThrowsAsync<SocketToolsException>(() => AddressName.ToAddressesAsync(text)),
        ];

        Assert.All(refusals, refusal => Assert.Equal(SocketToolsError.NameNotFound, refusal.Error));
        Assert.All(refusals, refusal => Assert.Equal(text, refusal.Target));
    }

    [Fact]
    public async Task A_name_too_long_for_the_resolver_is_not_found() =>
        Assert.Equal(
            SocketToolsError.NameNotFound,
            (await Assert.ThrowsAsync<SocketToolsException>(() => AddressName.ToAddressesAsync(new string('a', 300)))).Error);

    private static IPAddress[] WhereOn(IPAddress ipv4, IPAddress ipv6) => AddressName.HasIPv6() ? [ipv4, ipv6] : [ipv4];
}
