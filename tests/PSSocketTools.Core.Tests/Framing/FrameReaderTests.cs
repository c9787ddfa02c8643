using PSSocketTools.Framing;
using Xunit;

namespace PSSocketTools.Tests.Framing;

public sealed class FrameReaderTests
{
    private const string Lines = "one\ntwo\r\n\n\r\nlone\rcr\nlast";
    private const string Prefixed = "\0\0\0\u0003one\0\0\0\u0001\n\0\0\0\u0005\r\n\0\u00ff!";

    private static readonly Read[] LineReads =
    [
        new("one", Terminator.LineFeed),
        new("two", Terminator.CarriageReturnLineFeed),
        new("", Terminator.LineFeed),
        new("", Terminator.CarriageReturnLineFeed),
        new("lone\rcr", Terminator.LineFeed),
        new("last", Terminator.None, Complete: false),
    ];

    private static readonly Read[] PrefixedReads =
    [
        new("one", Terminator.LengthPrefix),
        new("\n", Terminator.LengthPrefix),
        new("\r\n\0\u00ff!", Terminator.LengthPrefix),
    ];

    public static TheoryData<MessageFraming> LineFramings => [MessageFraming.Line, MessageFraming.Auto];

    public static TheoryData<MessageFraming> EveryFraming => [.. Enum.GetValues<MessageFraming>()];

    [Theory]
    [MemberData(nameof(LineFramings))]
    public void Lines_are_the_same_wherever_the_bytes_are_split(MessageFraming framing) =>
        AssertAtEverySplit(framing, Lines, LineReads);

    [Fact]
    public void Prefixed_messages_are_the_same_wherever_the_bytes_are_split() =>
        AssertAtEverySplit(MessageFraming.LengthPrefix, Prefixed, PrefixedReads);

    [Theory]
    [MemberData(nameof(LineFramings))]
    public void Lines_are_read_from_single_bytes(MessageFraming framing) =>
        Assert.Equal(LineReads, Read.All(framing, Read.Bytes(Lines).Chunk(1)));

    [Fact]
    public void Prefixed_messages_are_read_from_single_bytes() =>
        Assert.Equal(PrefixedReads, Read.All(MessageFraming.LengthPrefix, Read.Bytes(Prefixed).Chunk(1)));

    [Theory]
    [InlineData("\0", "one\0\0two\n\0rest", "rest", "one", "", "two\n")]
    [InlineData("\r\n", "one\r\n\rtwo\r\r\n\n\r\n", "", "one", "\rtwo\r", "\n")]
    [InlineData("aab", "aaabaabxaaab", "", "a", "", "xa")]
    [InlineData("aa", "xaaayaaa", "a", "x", "ay")]
    [InlineData("abab", "abaababababab", "ab", "aba", "")]
    [InlineData("<|end|>", "a<|end|><|end<|end|>b<|en", "b<|en", "a", "<|end")]
    public void Delimited_messages_come_out_the_same_wherever_the_bytes_are_split(string delimiter, string wire, string rest, params string[] messages)
    {
        Read[] expected =
        [
            .. messages.Select(static message => new Read(message, Terminator.Delimiter)),
            .. rest.Length == 0 ? Array.Empty<Read>() : [new Read(rest, Terminator.None, Complete: false)],
        ];
        foreach (var chunks in Splits(wire).Append([.. Read.Bytes(wire).Chunk(1)]))
        {
            Assert.Equal(expected, Read.All(MessageFraming.Delimiter, chunks, 1000, delimiter: delimiter));
        }
    }

    [Theory]
    [InlineData("abcde--", true)]
    [InlineData("abcde-", false)]
    [InlineData("abcdef--", false)]
    [InlineData("abcdef", false)]
    [InlineData("abcde-x", false)]
    public void The_limit_counts_a_message_without_its_delimiter_wherever_it_is_split(string wire, bool passes)
    {
        foreach (var chunks in Splits(wire))
        {
            List<Read> ReadAll() => Read.All(MessageFraming.Delimiter, chunks, 5, delimiter: "--");
            if (passes)
            {
                Assert.Equal([new Read("abcde", Terminator.Delimiter)], ReadAll());
            }
            else
            {
                Assert.Equal(SocketToolsError.MessageTooLarge, Assert.Throws<FramingException>(ReadAll).Error);
            }
        }
    }

    [Fact]
    public void What_may_be_the_beginning_of_a_delimiter_is_waited_for_beyond_the_limit()
    {
        Read[] expected = [new("abcde", Terminator.Delimiter)];

        Assert.Equal(expected, Read.All(MessageFraming.Delimiter, [Read.Bytes("abcde----"), Read.Bytes("-")], 5, delimiter: "-----"));
    }

    [Fact]
    public void Without_framing_a_message_is_one_receive()
    {
        Read[] expected = [new("on", Terminator.None), new("e\ntw", Terminator.None), new("o", Terminator.None)];

        Assert.Equal(expected, Read.All(MessageFraming.None, [Read.Bytes("on"), Read.Bytes("e\ntw"), Read.Bytes("o")]));
    }

    [Theory]
    [MemberData(nameof(EveryFraming))]
    public void An_empty_reader_has_no_message_however_often_it_is_asked(MessageFraming framing)
    {
        using var reader = new FrameReader(framing, 10, delimiter: new MessageDelimiter([0]));

        Assert.False(reader.TryRead(out _));
        Assert.False(reader.TryRead(out _));
        reader.Feed([], 0, 0);
        Assert.False(reader.TryRead(out _));
        Assert.False(reader.TryReadRest(complete: true, out _));
        Assert.Equal(0, reader.PendingBytes);
    }

    [Fact]
    public void A_pause_ends_a_message_and_what_follows_is_another()
    {
        using var reader = new FrameReader(MessageFraming.Auto, 100);
        List<Read> reads = [];

        Read.Feed(reader, Read.Bytes("a line\no"), reads);
        Read.Feed(reader, Read.Bytes("i"), reads);
        Assert.Equal(2, reader.PendingBytes);
        Assert.True(reader.TryReadRest(complete: true, out var flushed));
        reads.Add(Read.Of(flushed));
        Assert.False(reader.TryReadRest(complete: true, out _));
        Read.Feed(reader, Read.Bytes("next\r"), reads);
        Read.Feed(reader, Read.Bytes("\n"), reads);

        Read[] expected = [new("a line", Terminator.LineFeed), new("oi", Terminator.None), new("next", Terminator.CarriageReturnLineFeed)];
        Assert.Equal(expected, reads);
        Assert.Equal(0, reader.PendingBytes);
    }

    [Fact]
    public void A_message_that_ends_with_a_pause_is_complete_where_the_framing_says_so()
    {
        using var reader = new FrameReader(MessageFraming.Auto, 100);
        reader.Feed(Read.Bytes("oi"), 0, 2);
        Assert.False(reader.TryRead(out _));

        Assert.True(reader.TryReadRest(complete: true, out var frame));
        Assert.True(frame.Complete);
    }

    [Theory]
    [InlineData("abcde\n", Terminator.LineFeed)]
    [InlineData("abcde\r\n", Terminator.CarriageReturnLineFeed)]
    public void A_line_as_long_as_the_limit_is_accepted_wherever_it_is_split(string text, object terminator) =>
        AssertAtEverySplit(MessageFraming.Line, text, [new("abcde", (Terminator)terminator)], maxMessageBytes: 5);

    [Theory]
    [InlineData("abcdef\n")]
    [InlineData("abcdef\r\n")]
    [InlineData("abcdef")]
    [InlineData("abcde\r")]
    [InlineData("abcde\rx")]
    public void A_line_over_the_limit_is_refused_wherever_it_is_split(string text) =>
        AssertRefusedAtEverySplit(MessageFraming.Line, text, 5, SocketToolsError.MessageTooLarge);

    [Fact]
    public void The_limit_may_be_the_largest_number()
    {
        Read[] expected = [new("a\r", Terminator.None, Complete: false)];

        Assert.Equal(expected, Read.All(MessageFraming.Line, [Read.Bytes("a\r")], int.MaxValue));
    }

    [Fact]
    public void A_receive_over_the_limit_is_refused_without_framing()
    {
        Assert.Single(Read.All(MessageFraming.None, [Read.Bytes("abcde")], 5));
        AssertRefused(MessageFraming.None, [Read.Bytes("abcdef")], 5, SocketToolsError.MessageTooLarge);
    }

    [Fact]
    public void A_prefix_over_the_limit_is_refused_before_the_message_is_received()
    {
        Assert.Single(Read.All(MessageFraming.LengthPrefix, [Read.Bytes("\0\0\0\u0005abcde")], 5));
        AssertRefusedAtEverySplit(MessageFraming.LengthPrefix, "\0\0\0\u0006", 5, SocketToolsError.MessageTooLarge);
    }

    [Theory]
    [InlineData("oi\no", @"'oi\no' came where a length prefix belongs, and looks like text.")]
    [InlineData("OLA\r", "'OLA' came where a length prefix belongs, and looks like text.")]
    [InlineData("\0\0\u0001\0", "A length prefix announced a message of 256 bytes")]
    public void A_prefix_over_the_limit_is_told_and_whether_it_looks_like_text(string prefix, string says)
    {
        var refusal = AssertRefusedAtEverySplit(MessageFraming.LengthPrefix, prefix, 5, SocketToolsError.MessageTooLarge);

        Assert.StartsWith(says, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u0080\0\0\0", "2147483648")]
    [InlineData("\u00ff\u00ff\u00ff\u00ff", "4294967295")]
    public void A_prefix_out_of_range_is_refused_and_named(string prefix, string number)
    {
        var refusal = AssertRefusedAtEverySplit(MessageFraming.LengthPrefix, prefix, 5, SocketToolsError.InvalidMessage);

        Assert.Contains($" {number},", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("\0\0\0\u0003")]
    [InlineData("\0\0\0\u0003ab")]
    public void A_prefixed_message_cut_short_is_refused(string text) =>
        AssertRefusedAtEverySplit(MessageFraming.LengthPrefix, text, 5, SocketToolsError.InvalidMessage);

    [Fact]
    public void Whole_messages_before_a_refused_one_are_read()
    {
        using var reader = new FrameReader(MessageFraming.Line, 3);
        reader.Feed(Read.Bytes("a\nb\ntoo long\n"), 0, 13);

        Assert.True(reader.TryRead(out var first));
        Assert.Equal(new Read("a", Terminator.LineFeed), Read.Of(first));
        Assert.True(reader.TryRead(out var second));
        Assert.Equal(new Read("b", Terminator.LineFeed), Read.Of(second));
        Assert.Throws<FramingException>(() => reader.TryRead(out _));
    }

    [Fact]
    public void Long_messages_in_uneven_receives_are_read_byte_for_byte()
    {
        var random = new Random(20260101);
        var messages = Enumerable.Range(0, 40).Select(_ => RandomText(random, random.Next(0, 200_000))).ToList();
        var wire = Read.Bytes(string.Concat(messages.Select(message => message + "\n")));

        List<byte[]> chunks = [];
        for (var at = 0; at < wire.Length; at += chunks[^1].Length)
        {
            chunks.Add(wire[at..Math.Min(wire.Length, at + random.Next(1, 65536))]);
        }

        Assert.Equal(messages, Read.All(MessageFraming.Line, chunks).Select(read => read.Text));
    }

    [Fact]
    public void A_cleared_reader_starts_afresh()
    {
        using var reader = new FrameReader(MessageFraming.Line, 100);
        List<Read> reads = [];
        Read.Feed(reader, Read.Bytes("half"), reads);
        reader.Clear();
        Assert.Equal(0, reader.PendingBytes);
        Read.Feed(reader, Read.Bytes("whole\n"), reads);

        Assert.Equal([new Read("whole", Terminator.LineFeed)], reads);
    }

    private static string RandomText(Random random, int length) =>
        string.Create(length, random, (text, source) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = (char)source.Next(' ', 256);
            }
        });

    /// <summary>All in one piece, in two pieces at every byte, and in three.</summary>
    private static IEnumerable<byte[][]> Splits(string text)
    {
        var bytes = Read.Bytes(text);
        yield return [bytes];
        for (var first = 1; first < bytes.Length; first++)
        {
            yield return [bytes[..first], bytes[first..]];
            for (var second = first + 1; second < bytes.Length; second++)
            {
                yield return [bytes[..first], bytes[first..second], bytes[second..]];
            }
        }
    }

    private static void AssertAtEverySplit(MessageFraming framing, string text, Read[] expected, int maxMessageBytes = 1000)
    {
        foreach (var chunks in Splits(text))
        {
            Assert.Equal(expected, Read.All(framing, chunks, maxMessageBytes));
        }
    }

    private static FramingException AssertRefusedAtEverySplit(MessageFraming framing, string text, int maxMessageBytes, SocketToolsError error) =>
        Splits(text).Select(chunks => AssertRefused(framing, chunks, maxMessageBytes, error)).ToList()[0];

    private static FramingException AssertRefused(MessageFraming framing, byte[][] chunks, int maxMessageBytes, SocketToolsError error)
    {
        var refusal = Assert.Throws<FramingException>(() => Read.All(framing, chunks, maxMessageBytes));
        Assert.Equal(error, refusal.Error);
        return refusal;
    }
}
