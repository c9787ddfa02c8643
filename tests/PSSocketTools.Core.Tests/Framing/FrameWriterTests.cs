using PSSocketTools.Framing;
using Xunit;

namespace PSSocketTools.Tests.Framing;

public sealed class FrameWriterTests
{
    [Theory]
    [InlineData(MessageFraming.Line, "")]
    [InlineData(MessageFraming.Line, "a\rb")]
    [InlineData(MessageFraming.Auto, "")]
    [InlineData(MessageFraming.Auto, "oi")]
    [InlineData(MessageFraming.LengthPrefix, "")]
    [InlineData(MessageFraming.LengthPrefix, "a\r\nb\0")]
    public void A_message_that_the_framing_can_carry_is_read_as_it_was_written(MessageFraming framing, string text)
    {
        var message = Read.Bytes(text);
        var writer = new FrameWriter(framing);
        Require(writer, message, 100);

        var terminator = writer.Terminator;
        var prefix = new byte[terminator == Terminator.LengthPrefix ? FrameReader.PrefixLength : 0];
        if (prefix.Length > 0)
        {
            FrameWriter.WritePrefix(prefix, 0, message.Length);
        }

        byte[] wire = [.. prefix, .. message, .. writer.Tail(terminator)];
        Assert.Equal(message.Length + writer.Overhead(terminator), wire.Length);
        Assert.Equal([new Read(text, terminator)], Read.All(framing, [wire]));
    }

    [Theory]
    [InlineData(MessageFraming.Line, "a\nb")]
    [InlineData(MessageFraming.Line, "a\n")]
    [InlineData(MessageFraming.Line, "a\r")]
    [InlineData(MessageFraming.Line, "\r")]
    [InlineData(MessageFraming.Auto, "a\r\nb")]
    [InlineData(MessageFraming.None, "")]
    public void A_message_that_the_framing_cannot_carry_as_one_is_refused(MessageFraming framing, string text)
    {
        var refusal = Assert.Throws<SocketToolsException>(() => Require(new FrameWriter(framing), Read.Bytes(text), 100));

        Assert.Equal(SocketToolsError.MessageNotCarried, refusal.Error);
        Assert.Equal(Read.Bytes(text), refusal.Target);
    }

    [Theory]
    [InlineData(MessageFraming.Auto)]
    [InlineData(MessageFraming.Line)]
    [InlineData(MessageFraming.LengthPrefix)]
    [InlineData(MessageFraming.None)]
    public void A_message_may_be_as_long_as_the_limit_and_no_longer(MessageFraming framing)
    {
        Require(new FrameWriter(framing), new byte[5], 5);

        var refusal = Assert.Throws<SocketToolsException>(() => Require(new FrameWriter(framing), new byte[6], 5));
        Assert.Equal(SocketToolsError.MessageTooLarge, refusal.Error);
    }

    [Theory]
    [InlineData(0, "\0\0\0\0")]
    [InlineData(1, "\0\0\0\u0001")]
    [InlineData(0x01020304, "\u0001\u0002\u0003\u0004")]
    [InlineData(int.MaxValue, "\u007f\u00ff\u00ff\u00ff")]
    public void A_prefix_is_four_bytes_with_the_highest_first(int length, string expected)
    {
        var buffer = new byte[6];
        FrameWriter.WritePrefix(buffer, 1, length);

        Assert.Equal(Read.Bytes("\0" + expected + "\0"), buffer);
    }

    [Fact]
    public void A_response_ends_as_its_message_did()
    {
        var writer = new FrameWriter(MessageFraming.Delimiter, delimiter: new MessageDelimiter([1, 2]));
        Assert.Empty(writer.Tail(Terminator.None));
        Assert.Empty(writer.Tail(Terminator.LengthPrefix));
        Assert.Equal("\n"u8.ToArray(), writer.Tail(Terminator.LineFeed));
        Assert.Equal("\r\n"u8.ToArray(), writer.Tail(Terminator.CarriageReturnLineFeed));
        Assert.Equal([1, 2], writer.Tail(Terminator.Delimiter));
    }

    [Theory]
    [InlineData("a\r")]
    [InlineData("\r")]
    [InlineData("")]
    public void A_message_may_end_in_CR_where_CRLF_ends_it(string text)
    {
        var writer = new FrameWriter(MessageFraming.Line, LineEnding.CrLf);
        Require(writer, Read.Bytes(text), 100);

        Assert.Equal(Terminator.CarriageReturnLineFeed, writer.Terminator);
        Assert.Equal(
            [new Read(text, Terminator.CarriageReturnLineFeed)],
            Read.All(MessageFraming.Line, [[.. Read.Bytes(text), .. writer.Tail(writer.Terminator)]]));
        Assert.Throws<SocketToolsException>(() => Require(writer, Read.Bytes(text + "\n"), 100));
    }

    /// <summary>Every message of three letters up to a length, each either read as it was written or refused.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("aa")]
    [InlineData("ab")]
    [InlineData("aab")]
    [InlineData("aba")]
    [InlineData("abab")]
    [InlineData("abcab")]
    [InlineData("aaaaa")]
    public void A_message_is_carried_with_its_delimiter_just_when_it_is_read_as_it_was_written(string delimiter)
    {
        var writer = new FrameWriter(MessageFraming.Delimiter, delimiter: new MessageDelimiter(Read.Bytes(delimiter)));
        List<string> messages = [string.Empty];
        for (var at = 0; messages[at].Length < 6; at++)
        {
            messages.AddRange("abc".Select(letter => messages[at] + letter));
        }

        foreach (var message in messages)
        {
            byte[] wire = [.. Read.Bytes(message), .. writer.Tail(writer.Terminator)];
            var isCarried = Read.All(MessageFraming.Delimiter, [wire], delimiter: delimiter).SequenceEqual([new Read(message, Terminator.Delimiter)]);
            var refusal = Record.Exception(() => Require(writer, Read.Bytes(message), 100));
            Assert.Equal(isCarried ? null : SocketToolsError.MessageNotCarried, (refusal as SocketToolsException)?.Error);
            Assert.Equal(isCarried, refusal is null);
        }
    }

    private static void Require(FrameWriter writer, byte[] message, int maxMessageBytes) =>
        writer.Require(message, 0, message.Length, maxMessageBytes, message);
}
