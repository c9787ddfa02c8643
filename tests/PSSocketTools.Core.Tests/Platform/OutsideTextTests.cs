using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Platform;

public sealed class OutsideTextTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", "")]
    [InlineData("sshd: ana@pts/0", "sshd: ana@pts/0")]
    [InlineData("maçã 茶 \U0001F375", "maçã 茶 \U0001F375")]
    [InlineData("\u001b[31mred", "\uFFFD[31mred")]
    [InlineData("\u009b31mred", "\uFFFD31mred")]
    [InlineData("a\nb\r\tc\0\u007f", "a\uFFFDb\uFFFD\uFFFDc\uFFFD\uFFFD")]
    [InlineData("\u202egpj.exe\u2028\u2029", "\uFFFDgpj.exe\uFFFD\uFFFD")]
    public void Control_characters_are_replaced(string? text, string? expected) => Assert.Equal(expected, OutsideText.Clean(text));

    [Fact]
    public void Half_a_surrogate_pair_is_replaced() => Assert.Equal("\uFFFDx\uFFFD", OutsideText.Clean("\udc00x\ud83c"));
}
