using System.Text;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class TextEncodingTests
{
    [Theory]
    [InlineData("utf-8", "aé", 0, false)]
    [InlineData("utf-8", "aé", 1, true)]
    [InlineData("utf-8", "€", 1, true)]
    [InlineData("utf-8", "€", 2, true)]
    [InlineData("utf-8", "aaaaaaaaaaaa👋", 1, true)]
    [InlineData("utf-8", "aaaaaaaaaaaa👋", 2, true)]
    [InlineData("utf-8", "aaaaaaaaaaaa👋", 3, true)]
    [InlineData("utf-8", "aaaaaaaaaaaa👋", 0, false)]
    [InlineData("utf-16", "aé", 1, true)]
    [InlineData("utf-16", "aé", 0, false)]
    [InlineData("utf-16", "👋", 2, true)]
    [InlineData("iso-8859-1", "aé", 0, false)]
    public void An_incomplete_character_is_detected(string name, string text, int missing, bool isInside)
    {
        var encoding = TextEncoding.ReplacingInvalid(Encoding.GetEncoding(name));
        byte[] bytes = [0xff, .. encoding.GetBytes(text)];
        Assert.Equal(isInside, TextEncoding.EndsInsideCharacter(encoding, bytes, 1, bytes.Length - 1 - missing));
    }

    [Theory]
    [InlineData(0xff)]
    [InlineData(0x80)]
    [InlineData(0xc0)]
    public void A_byte_that_begins_no_character_is_not_incomplete(byte last) =>
        Assert.False(TextEncoding.EndsInsideCharacter(TextEncoding.ReplacingInvalid(Encoding.UTF8), [(byte)'a', last], 0, 2));
}
