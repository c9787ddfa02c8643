using System.Text;
using Xunit;

namespace PSSocketTools.Tests.Framing;

public sealed class MessageDelimiterTests
{
    [Theory]
    [InlineData("utf-8", "|", new byte[] { 0x7C })]
    [InlineData("utf-8", "\0", new byte[] { 0 })]
    [InlineData("utf-8", "§", new byte[] { 0xC2, 0xA7 })]
    [InlineData("iso-8859-1", "§", new byte[] { 0xA7 })]
    [InlineData("utf-16", "|", new byte[] { 0x7C, 0 })]
    public void Text_is_bytes_of_the_encoding_in_use(string encoding, string text, byte[] bytes)
    {
        var delimiter = new MessageDelimiter(text, Encoding.GetEncoding(encoding));

        Assert.Equal(bytes, delimiter.GetBytes());
        Assert.Equal(new MessageDelimiter(bytes), delimiter);
        Assert.Equal(new MessageDelimiter(bytes).GetHashCode(), delimiter.GetHashCode());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    public void One_of_no_bytes_or_too_many_is_refused(int length)
    {
        var refusal = Assert.Throws<SocketToolsException>(() => new MessageDelimiter(new byte[length]));

        Assert.Equal(SocketToolsError.InvalidOption, refusal.Error);
        Assert.Contains($" {length} bytes", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(16, new MessageDelimiter(new byte[16]).Length);
    }

    [Fact]
    public void A_character_that_the_encoding_lacks_is_refused()
    {
        var refusal = Assert.Throws<SocketToolsException>(() => new MessageDelimiter("€", Encoding.Latin1));

        Assert.Equal(SocketToolsError.InvalidOption, refusal.Error);
        Assert.Contains("iso-8859-1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void As_text_it_has_printable_characters_alone() =>
        Assert.Equal("|\\0\\r\\n\\t\\\\\\x03\\xFF", new MessageDelimiter([0x7C, 0, 0x0D, 0x0A, 0x09, 0x5C, 3, 0xFF]).ToString());
}
