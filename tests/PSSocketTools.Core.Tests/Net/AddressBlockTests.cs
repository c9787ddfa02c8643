using System.Net;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class AddressBlockTests
{
    [Fact]
    public void A_block_has_each_of_its_addresses_in_order()
    {
        var addresses = AddressBlock.Parse("127.0.0.0/28").Addresses().Select(address => address.ToString()).ToArray();
        Assert.Equal(Enumerable.Range(0, 16).Select(last => $"127.0.0.{last}"), addresses);
    }

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3", 1)]
    [InlineData("10.1.2.3/31", "10.1.2.2/31", 2)]
    [InlineData("10.1.2.3/0", "0.0.0.0/0", 4294967296)]
    [InlineData("fd00::1:2/112", "fd00::1:0/112", 65536)]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1", 1)]
    [InlineData("::ffff:10.0.0.1/128", "10.0.0.1", 1)]
    [InlineData("::ffff:10.1.2.3/104", "10.0.0.0/8", 16777216)]
    [InlineData("::ffff:0:0/96", "0.0.0.0/0", 4294967296)]
    public void Its_first_address_has_no_bits_after_the_prefix(string text, string canonical, double count)
    {
        var range = AddressBlock.Parse(text);
        Assert.Equal(canonical, range.ToString());
        Assert.Equal(count, range.Count);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.255.1.2", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.0.0.1", true)]
    [InlineData("10.0.0.0/8", "::1", false)]
    [InlineData("fd00::/9", "fd7f::1", true)]
    [InlineData("fd00::/9", "fd80::1", false)]
    [InlineData("0.0.0.0/0", "1.2.3.4", true)]
    [InlineData("::1", "::1", true)]
    [InlineData("::/0", "1.2.3.4", true)]
    [InlineData("fe80::/64", "fe80::1%2", true)]
    [InlineData("fe80::1%1", "fe80::1%1", true)]
    [InlineData("fe80::1%1", "fe80::1%2", false)]
    [InlineData("fe80::1%1", "fe80::1", false)]
    [InlineData("fe80::%1/10", "febf::1%1", true)]
    [InlineData("fe80::%1/10", "febf::1%2", false)]
    public void It_knows_what_it_contains(string range, string address, bool expected) =>
        Assert.Equal(
            (expected, expected),
            (AddressBlock.Parse(range).Contains(IPAddress.Parse(address)), new AddressFilter([AddressBlock.Parse(range)]).Contains(IPAddress.Parse(address))));

    [Fact]
    public void A_filter_of_many_blocks_matches_what_any_of_them_contains()
    {
        var random = new Random(5);
        var texts = Enumerable.Range(0, 2000).Select(_ => $"10.{random.Next(4)}.{random.Next(256)}.{random.Next(256)}/{random.Next(20, 33)}")
            .Concat(Enumerable.Range(0, 500).Select(_ => $"fd00::{random.Next(0x10000):x}:{random.Next(0x10000):x}/{random.Next(100, 129)}"));
        AddressBlock[] ranges = [.. texts.Select(AddressBlock.Parse)];
        var filter = new AddressFilter(ranges);

        foreach (var text in Enumerable.Range(0, 2000).Select(_ => $"10.{random.Next(5)}.{random.Next(256)}.{random.Next(256)}")
            .Concat(Enumerable.Range(0, 500).Select(_ => $"fd00::{random.Next(0x10000):x}:{random.Next(0x10000):x}")))
        {
            var address = IPAddress.Parse(text);
            Assert.Equal((text, Array.Exists(ranges, range => range.Contains(address))), (text, filter.Contains(address)));
        }
    }

    [Fact]
    public void The_last_block_ends_at_the_last_address() =>
        Assert.Equal(["255.255.255.254", "255.255.255.255"],
            AddressBlock.Parse("255.255.255.254/31").Addresses().Select(address => address.ToString()));

    [Fact]
    public void Addresses_are_enumerated_lazily() =>
        Assert.Equal("fd00::2", AddressBlock.Parse("fd00::/8").Addresses().Skip(2).First().ToString());

    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/")]
    [InlineData("::/129")]
    [InlineData("name/24")]
    [InlineData("/24")]
    [InlineData("name")]
    [InlineData("")]
    [InlineData("127.0/8")]
    [InlineData("10.0.0.1-20")]
    [InlineData("5.1")]
    [InlineData("10")]
    [InlineData("010.0.0.0/8")]
    [InlineData("0x0a.0.0.0/8")]
    [InlineData("10.0.0.0/ 8")]
    [InlineData("10.0.0.0/0x8")]
    [InlineData("10.0.0.0/08")]
    [InlineData("fd00::/010")]
    [InlineData("http://localhost")]
    [InlineData("::1%nowhere/128")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("[::1]:80")]
    [InlineData("10.0.0.1:80")]
    [InlineData("::ffff:10.0.0.0/95")]
    [InlineData("::ffff:10.0.0.0/129")]
    [InlineData("fe80::1%nowhere/64")]
    public void Text_that_is_no_block_is_refused(string text) =>
        Assert.Equal(SocketToolsError.InvalidOption, Assert.Throws<SocketToolsException>(() => AddressBlock.Parse(text)).Error);
}
