using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class PortRangeTests
{
    [Theory]
    [InlineData("80", 80, 80)]
    [InlineData(" 80 ", 80, 80)]
    [InlineData("1-1024", 1, 1024)]
    [InlineData("8000..8100", 8000, 8100)]
    [InlineData("8000 - 8100", 8000, 8100)]
    [InlineData("65535", 65535, 65535)]
    [InlineData("https", 443, 443)]
    [InlineData("HTTPS", 443, 443)]
    [InlineData("http-alt", 8080, 8080)]
    public void It_reads_ports_as_people_write_them(string text, int first, int last)
    {
        Assert.Equal(new PortRange(first, last), PortRange.Parse(text));
        Assert.Equal([new PortRange(first, last)], PortRange.ParseList(text));
    }

    [Fact]
    public void It_reads_several_between_commas_in_their_order() =>
        Assert.Equal([new PortRange(443), new PortRange(80), new PortRange(1, 3)], PortRange.ParseList("443, 80,1-3"));

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("-1")]
    [InlineData("99999999999")]
    [InlineData("9-1")]
    [InlineData("1-65536")]
    [InlineData("80.5")]
    [InlineData("")]
    [InlineData("0x50")]
    [InlineData("1kb")]
    [InlineData("80,")]
    [InlineData("no-such-service")]
    public void What_is_no_port_is_refused_with_the_way_to_write_one(string text)
    {
        var exception = Assert.Throws<SocketToolsException>(() => PortRange.Parse(text));
        Assert.Equal(SocketToolsError.InvalidOption, exception.Error);
        Assert.NotEmpty(exception.Message);
    }

    [Fact]
    public void Adjacent_ports_become_one_range()
    {
        var ports = Enumerable.Range(1, 65535).Select(port => new PortRange(port));
        Assert.Equal([PortRange.All], PortRange.Merge(ports));
    }

    [Fact]
    public void Merging_keeps_the_order_and_drops_duplicates() =>
        Assert.Equal(
            [new PortRange(9), new PortRange(1, 2), new PortRange(4, 8), new PortRange(10, 12)],
            PortRange.Merge([new PortRange(9), new PortRange(1), new PortRange(2), new PortRange(2), new PortRange(4, 12), new PortRange(5)]));

    [Theory]
    [InlineData("80")]
    [InlineData("1-1024")]
    public void Its_text_reads_back_as_the_same_range(string text) =>
        Assert.Equal(text, PortRange.Parse(text).ToString());

    [Fact]
    public void A_service_has_its_name_by_protocol()
    {
        Assert.Equal("https", ServiceNames.Of(443, SocketProtocol.Tcp));
        Assert.Equal("ntp", ServiceNames.Of(123, SocketProtocol.Udp));
        Assert.Null(ServiceNames.Of(65000, SocketProtocol.Tcp));
    }
}
