using System.Net;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class NameResolverTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("LocalHost")]
    [InlineData("localhost.")]
    [InlineData("a.localhost")]
    [InlineData("a.b.LOCALHOST.")]
    public async Task Localhost_is_the_loopback_of_each_family_the_machine_has(string name)
    {
        Assert.Equal(WhereOn(IPAddress.Loopback, IPAddress.IPv6Loopback), NameResolver.ToLocal(name));
        Assert.Equal(WhereOn(IPAddress.Loopback, IPAddress.IPv6Loopback), await NameResolver.ToAddressesAsync(name));
    }

    [Theory]
    [InlineData("notlocalhost.invalid")]
    [InlineData("localhost.invalid")]
    [InlineData(".localhost")]
    [InlineData("localhost..")]
    public async Task Names_that_only_resemble_localhost_are_not_found(string name) =>
        Assert.Equal(
            SocketToolsError.NameNotFound,
            (await Assert.ThrowsAsync<SocketToolsException>(() => NameResolver.ToAddressesAsync(name))).Error);

    [Theory]
    [InlineData("Any")]
    [InlineData("any")]
    [InlineData("*")]
    public void Any_is_every_address_of_each_family_the_machine_has(string name) =>
        Assert.Equal(WhereOn(IPAddress.Any, IPAddress.IPv6Any), NameResolver.ToLocal(name));

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("[::1]", "::1")]
    [InlineData("2001:DB8:0:0::7", "2001:db8::7")]
    [InlineData("::ffff:127.0.0.1", "127.0.0.1")]
    [InlineData("[::ffff:7f00:1]", "127.0.0.1")]
    [InlineData("::1%1", "::1")]
    [InlineData("::1%0", "::1")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("255.255.255.255", "255.255.255.255")]
    public async Task An_address_is_itself(string text, string expected)
    {
        Assert.Equal([IPAddress.Parse(expected)], NameResolver.ToLocal(text));
        Assert.Equal([IPAddress.Parse(expected)], await NameResolver.ToAddressesAsync(text));
    }

    [Theory]
    [InlineData("")]
    // Longer than a label may be (RFC 1035, section 2.3.4), so that no name server is asked.
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public async Task Text_that_is_neither_a_name_nor_an_address_is_not_found(string text)
    {
        var refusal = await Assert.ThrowsAsync<SocketToolsException>(() => NameResolver.ToAddressesAsync(text));

        Assert.Equal((SocketToolsError.NameNotFound, (object)text), (refusal.Error, refusal.Target!));
        Assert.Equal(SocketToolsError.NameNotFound, Assert.Throws<SocketToolsException>(() => NameResolver.ToLocal(text)).Error);
    }

    [Theory]
    [InlineData("7000", " Port.")]
    [InlineData("0x7f000001", " Port.")]
    [InlineData("127.1", "four numbers")]
    [InlineData("127.0.1", "four numbers")]
    [InlineData("127.0.0.0.1", "four numbers")]
    [InlineData("0127.0.0.1", "leading zeros")]
    [InlineData("127.0.0.01", "leading zeros")]
    [InlineData("127.0.0.0x1", "decimal")]
    [InlineData("127.0.0.256", "0 to 255")]
    [InlineData("127.0.0.1.", "four numbers")]
    [InlineData("host.7", "four numbers")]
    [InlineData("10.0.0.1-20", "block")]
    [InlineData("10.0.0.1-10.0.0.20", "block")]
    [InlineData("[::1]:7000", "Write ::1 alone, and give 7000 with Port")]
    [InlineData("127.0.0.1:7000", "Write 127.0.0.1 alone, and give 7000 with Port")]
    [InlineData("host:http", "Write host alone, and give http with Port")]
    [InlineData("[::1", "not an IPv6 address")]
    [InlineData("::1]", "not an IPv6 address")]
    [InlineData("[127.0.0.1]", "not an IPv6 address")]
    [InlineData("[]", "not an IPv6 address")]
    [InlineData(":", "not an IPv6 address")]
    [InlineData("host:", "not an IPv6 address")]
    [InlineData("::ffff:127.0.0.01", "not an IPv6 address")]
    [InlineData("::g", "not an IPv6 address")]
    [InlineData("fe80::1", "fe80::1%")]
    [InlineData("fe80::1%nowhere", "no interface 'nowhere'")]
    [InlineData("::1%nowhere", "no interface 'nowhere'")]
    [InlineData("127.0.0.0/30", "block")]
    [InlineData("::1/128", "block")]
    [InlineData("localhost/", "block")]
    [InlineData("http://localhost:7000/path", "Write localhost alone")]
    [InlineData("tcp://[::1]:7000", "Write [::1] alone")]
    [InlineData("fe80::1%999999", "no interface '999999'")]
    [InlineData("fe80::1%", "no interface ''")]
    public async Task A_misspelt_address_is_refused_with_its_canonical_form(string text, string hint)
    {
        var refusal = await Assert.ThrowsAsync<SocketToolsException>(() => NameResolver.ToAddressesAsync(text));

        Assert.Equal(SocketToolsError.InvalidOption, refusal.Error);
        Assert.False(refusal.MayPass);
        Assert.Contains(hint, Assert.Throws<SocketToolsException>(() => NameResolver.ToLocal(text)).Message, StringComparison.Ordinal);
    }

    [IPv6Fact]
    public void A_zone_is_an_interface_by_name_or_number()
    {
        var network = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .First(static network => network.Supports(System.Net.NetworkInformation.NetworkInterfaceComponent.IPv6));
        var number = network.GetIPProperties().GetIPv6Properties().Index;
        Assert.Equal(number, NameResolver.Read($"fe80::1%{network.Name}")!.ScopeId);
        Assert.Equal(number, NameResolver.Read($"[fe80::1%{number}]")!.ScopeId);
    }

    [Fact]
    public async Task A_name_too_long_for_the_resolver_is_not_found() =>
        Assert.Equal(
            SocketToolsError.NameNotFound,
            (await Assert.ThrowsAsync<SocketToolsException>(() => NameResolver.ToAddressesAsync(new string('a', 300)))).Error);

    private static IPAddress[] WhereOn(IPAddress ipv4, IPAddress ipv6) => IPv6Stack.IsEnabled() ? [ipv4, ipv6] : [ipv4];
}
