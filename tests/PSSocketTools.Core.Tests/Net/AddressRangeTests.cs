using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

/// <summary>Ranges are read here alone: nothing is ever sent to their addresses.</summary>
public sealed class AddressRangeTests
{
    [Theory]
    [InlineData("10.0.0.1-20", 20, "10.0.0.1", "10.0.0.20")]
    [InlineData("10.0.0.1-10.0.1.5", 261, "10.0.0.1", "10.0.1.5")]
    [InlineData("10.0.0.7-7", 1, "10.0.0.7", "10.0.0.7")]
    [InlineData("255.255.255.254-255", 2, "255.255.255.254", "255.255.255.255")]
    [InlineData("fd00::1-20", 32, "fd00::1", "fd00::20")]
    [InlineData("fd00::1-fd00::1:5", 65541, "fd00::1", "fd00::1:5")]
    [InlineData("fd00::ffff:ffff:ffff:ffff-fd00:0:0:1::1", 3, "fd00::ffff:ffff:ffff:ffff", "fd00:0:0:1::1")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff", 2, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void It_goes_from_the_first_to_the_last_address(string text, double count, string first, string last)
    {
        Assert.True(AddressRange.IsRange(text));
        var span = AddressRange.Parse(text);
        Assert.Equal(count, span.Count);
        Assert.Equal(first, span.Addresses().First().ToString());
        Assert.Equal(last, span.Addresses().Last().ToString());
        Assert.Equal(count, span.Addresses().Count());
    }

    [Fact]
    public void Its_addresses_are_enumerated_lazily() =>
        Assert.Equal("0.0.0.2", AddressRange.Parse("0.0.0.0-255.255.255.255").Addresses().Skip(2).First().ToString());

    [Theory]
    [InlineData("10.0.0.9-3")]
    [InlineData("10.0.0.9-256")]
    [InlineData("10.0.0.9-010")]
    [InlineData("10.0.0.9-")]
    [InlineData("10.0.0.9-x")]
    [InlineData("10.0.1.0-10.0.0.9")]
    [InlineData("10.0.0.9-10.0.1")]
    [InlineData("10.0.0.9-1-2")]
    [InlineData("10.0.0.9-fd00::1")]
    [InlineData("fd00::9-3")]
    [InlineData("fd00::9-10000")]
    [InlineData("fd00::9-")]
    [InlineData("fd00::9-g")]
    [InlineData("fd00::9-10.0.0.9")]
    public void What_is_no_span_is_refused(string text)
    {
        Assert.True(AddressRange.IsRange(text));
        Assert.Equal(SocketToolsError.InvalidOption, Assert.Throws<SocketToolsException>(() => AddressRange.Parse(text)).Error);
    }

    [Theory]
    [InlineData("name-5")]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.1-5")]
    [InlineData("fe80::1%br-lan")]
    [InlineData("fd00::1")]
    [InlineData("-10.0.0.1")]
    [InlineData("")]
    public void A_name_or_an_address_is_none(string text) => Assert.False(AddressRange.IsRange(text));
}
