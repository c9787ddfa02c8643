using PSSocketTools.Tls;
using Xunit;

namespace PSSocketTools.Tests.Tls;

public sealed class SubjectNamesTests
{
    [Theory]
    [InlineData("Web.Example", "web.example")]
    [InlineData("web.example.", "web.example")]
    [InlineData("*.example.com", "*.example.com")]
    [InlineData("café.example", "xn--caf-dma.example")]
    [InlineData("*.ação.pt", "*.xn--ao-siap.pt")]
    [InlineData("my_box", "my_box")]
    [InlineData("a-1", "a-1")]
    public void A_host_name_is_read_as_clients_compare_it(string written, string expected) =>
        Assert.Equal([expected], SubjectNames.Read([written]).Hosts);

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("[::1]", "::1")]
    [InlineData("2001:DB8::7", "2001:db8::7")]
    [InlineData("::ffff:10.0.0.7", "10.0.0.7")]
    [InlineData("fe80::7", "fe80::7")]
    public void An_address_is_one(string written, string expected) =>
        Assert.Equal([expected], SubjectNames.Read([written]).Addresses.Select(address => address.ToString()));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..b")]
    [InlineData(".example")]
    [InlineData("two words")]
    [InlineData("-a.example")]
    [InlineData("a-.example")]
    [InlineData("*")]
    [InlineData("*.")]
    [InlineData("a*.example")]
    [InlineData("www.*.example")]
    [InlineData("*.*.example")]
    [InlineData("web.example:443")]
    [InlineData("https://web.example")]
    [InlineData("10.0.0.0/8")]
    [InlineData("127.1")]
    [InlineData("::1::")]
    [InlineData("ana@web.example")]
    [InlineData("a\nb")]
    public void What_is_neither_is_refused(string written)
    {
        var refused = Assert.Throws<SocketToolsException>(() => SubjectNames.Read(["localhost", written]));

        Assert.Equal(SocketToolsError.InvalidOption, refused.Error);
        Assert.Contains("no name for a certificate", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void None_is_refused() =>
        Assert.Equal(SocketToolsError.InvalidOption, Assert.Throws<SocketToolsException>(() => SubjectNames.Read([])).Error);

    [Fact]
    public void A_label_and_a_name_are_as_long_as_DNS_has_them()
    {
        var label = new string('a', 63);
        var longest = $"{label}.{label}.{label}.{new string('a', 61)}";
        Assert.Equal([longest], SubjectNames.Read([longest]).Hosts);
        Assert.Throws<SocketToolsException>(() => SubjectNames.Read([longest + "a"]));
        Assert.Throws<SocketToolsException>(() => SubjectNames.Read([label + "a.example"]));
        Assert.Throws<SocketToolsException>(() => SubjectNames.Read(["*." + longest]));
    }

    [Fact]
    public void The_first_name_that_is_short_enough_is_the_subject()
    {
        var tooLong = new string('a', 60) + ".example";
        Assert.Equal("::1", SubjectNames.Read(["::1", "web.example"]).CommonName);
        Assert.Equal("web.example", SubjectNames.Read([tooLong, "web.example"]).CommonName);
        Assert.NotEmpty(SubjectNames.Read([tooLong]).CommonName);
    }

    [Fact]
    public void A_name_that_is_given_twice_is_there_once()
    {
        var names = SubjectNames.Read(["a.example", "A.example.", "::1", "[::1]"]);
        Assert.Single(names.Hosts);
        Assert.Single(names.Addresses);
    }
}
