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
    public void A_message_that_is_carried_is_read_as_it_was_written(MessageFraming framing, string text)
    {
        var message = Read.Bytes(text);
        FrameWriter.Require(framing, message, 100);

        var terminator = FrameWriter.ClientTerminator(framing);
        var prefix = new byte[terminator == Terminator.LengthPrefix ? FrameReader.PrefixLength : 0];
        if (prefix.Length > 0)
        {
            FrameWriter.WritePrefix(prefix, 0, message.Length);
        }

        byte[] wire = [.. prefix, .. message, .. FrameWriter.Tail(terminator)];
        Assert.Equal(message.Length + FrameWriter.Overhead(terminator), wire.Length);
        Assert.Equal([new Read(text, terminator)], Read.All(framing, [wire]));
    }

    [Theory]
    [InlineData(MessageFraming.Line, "a\nb")]
    [InlineData(MessageFraming.Line, "a\n")]
    [InlineData(MessageFraming.Line, "a\r")]
    [InlineData(MessageFraming.Line, "\r")]
    [InlineData(MessageFraming.Auto, "a\r\nb")]
    [InlineData(MessageFraming.None, "")]
    public void A_message_that_would_not_arrive_as_one_is_refused(MessageFraming framing, string text)
    {
        var refusal = Assert.Throws<SocketToolsException>(() => FrameWriter.Require(framing, Read.Bytes(text), 100));

        Assert.Equal(SocketToolsError.MessageNotCarried, refusal.Error);
        Assert.Equal(Read.Bytes(text), refusal.Target);
    }

    [Theory]
    [InlineData(MessageFraming.Auto)]
    [InlineData(MessageFraming.Line)]
    [InlineData(MessageFraming.LengthPrefix)]
    [InlineData(MessageFraming.None)]
    public void A_message_may_have_the_limit_and_no_byte_more(MessageFraming framing)
    {
        FrameWriter.Require(framing, new byte[5], 5);

        var refusal = Assert.Throws<SocketToolsException>(() => FrameWriter.Require(framing, new byte[6], 5));
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
        Assert.Empty(FrameWriter.Tail(Terminator.None));
        Assert.Empty(FrameWriter.Tail(Terminator.LengthPrefix));
        Assert.Equal("\n"u8.ToArray(), FrameWriter.Tail(Terminator.LineFeed));
        Assert.Equal("\r\n"u8.ToArray(), FrameWriter.Tail(Terminator.CarriageReturnLineFeed));
    }
}
