using System.Text;
using PSSocketTools.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>Where messages begin and end, and that every byte boundary is harmless.</summary>
public sealed class FramingConversationTests
{
    private static readonly byte[] Lines = ConversationDriver.Bytes("one\ntwo\r\n\r\n\nolá 👋\na\rb\nrest");
    private const string LinesAnswered = "<one>\n<two>\r\n<>\r\n<>\n<olá 👋>\n<a\rb>\n<rest>";

    private static readonly byte[] Prefixed =
        [.. ConversationDriver.Prefixed("one"), .. ConversationDriver.Prefixed("\n"), .. ConversationDriver.Prefixed(""), .. ConversationDriver.Prefixed("olá 👋")];

    private static readonly byte[] PrefixedAnswered =
        [.. ConversationDriver.Prefixed("<one>"), .. ConversationDriver.Prefixed("<\n>"), .. ConversationDriver.Prefixed("<>"), .. ConversationDriver.Prefixed("<olá 👋>")];

    public static TheoryData<MessageFraming> Framings => [MessageFraming.Auto, MessageFraming.Line, MessageFraming.LengthPrefix, MessageFraming.None];

    [Theory]
    [InlineData(MessageFraming.Auto)]
    [InlineData(MessageFraming.Line)]
    public void Lines_are_read_whatever_two_places_they_are_split_at(MessageFraming framing) =>
        ForEveryTwoCuts(Lines, pieces =>
        {
            using var driver = Brackets(framing);
            FeedAll(driver, pieces).End();
            Assert.Equal(LinesAnswered, driver.Text);
            driver.AssertEnded(ServerEventReason.ClientClosed);
            Assert.Equal(7, driver.Record.MessagesReceived);
            Assert.Equal(Lines.Length, driver.Record.BytesReceived);
        });

    [Fact]
    public void Prefixed_messages_are_read_whatever_two_places_they_are_split_at() =>
        ForEveryTwoCuts(Prefixed, pieces =>
        {
            using var driver = Brackets(MessageFraming.LengthPrefix);
            FeedAll(driver, pieces).End();
            Assert.Equal(PrefixedAnswered, driver.Output);
            driver.AssertEnded(ServerEventReason.ClientClosed);
            Assert.Equal(4, driver.Record.MessagesReceived);
        });

    [Fact]
    public void Without_framing_each_receive_is_a_message_whatever_it_holds() =>
        ForEveryTwoCuts(Lines, pieces =>
        {
            using var driver = Brackets(MessageFraming.None);
            FeedAll(driver, pieces).End();
            byte[] expected = [.. pieces.SelectMany(static piece => (byte[])[(byte)'<', .. piece, (byte)'>'])];
            Assert.Equal(expected, driver.Output);
            driver.AssertEnded(ServerEventReason.ClientClosed);
        });

    [Theory]
    [MemberData(nameof(Framings))]
    public void Any_bytes_are_echoed_as_they_were_received(MessageFraming framing)
    {
        var input = framing == MessageFraming.LengthPrefix ? Prefixed : Lines;
        ForEveryTwoCuts(input, pieces =>
        {
            using var driver = new ConversationDriver(new EchoServerOptions { Framing = framing, ResponseFormat = "{0}" });
            FeedAll(driver, pieces).End();
            Assert.Equal(input, driver.Output);
        });
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public void Bytes_received_one_at_a_time_get_the_same_responses_as_all_at_once(MessageFraming framing)
    {
        var input = framing == MessageFraming.LengthPrefix ? Prefixed : Lines;
        using var driver = new ConversationDriver(new EchoServerOptions { Framing = framing, ResponseFormat = "{0}" });
        FeedAll(driver, [.. input.Select(static b => (byte[])[b])]).End();
        Assert.Equal(input, driver.Output);
        Assert.Equal(input.Length, driver.Record.BytesReceived);
    }

    [Fact]
    public void With_auto_framing_a_pause_anywhere_changes_messages_but_no_byte()
    {
        for (var cut = 0; cut <= Lines.Length; cut++)
        {
            using var driver = new ConversationDriver(new EchoServerOptions { ResponseFormat = "{0}", IdleGapMilliseconds = 33 });
            if (cut > 0)
            {
                driver.Feed(Lines[..cut]);
            }

            if (driver.Step.HasPendingResponse)
            {
                Assert.Equal(33, driver.Step.Milliseconds);
                driver.Elapse();
                if (driver.Step.HasPendingResponse)
                {
                    // Inside a line end or a character the pause is extended once.
                    driver.Elapse();
                }

                Assert.Equal(Lines[..cut], driver.Output);
            }

            if (cut < Lines.Length)
            {
                driver.Feed(Lines[cut..]);
            }

            driver.End();
            Assert.Equal(Lines, driver.Output);
        }
    }

    [Fact]
    public void With_auto_framing_a_pause_inside_a_line_end_or_a_character_ends_no_message()
    {
        for (var cut = 1; cut < Lines.Length; cut++)
        {
            var isInside = Lines[cut - 1] == '\r' || (Lines[cut] & 0xC0) == 0x80;
            using var driver = new ConversationDriver(new EchoServerOptions { ResponseFormat = "<{0}>" });
            driver.Feed(Lines[..cut]);
            if (!driver.Step.HasPendingResponse)
            {
                continue;
            }

            driver.Elapse();
            Assert.Equal(isInside, driver.Step.HasPendingResponse);
            driver.Feed(Lines[cut..]).End();
            if (isInside)
            {
                Assert.Equal(LinesAnswered, driver.Text);
                Assert.Equal(7, driver.Record.MessagesReceived);
            }
        }
    }

    [Fact]
    public void A_late_line_feed_belongs_to_the_line_and_is_echoed_after_its_response()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { ResponseFormat = "<{0}>" });
        driver.Feed("one\r").Elapse().Elapse();
        Assert.Equal("<one\r>", driver.Text);
        driver.Feed("\ntwo\r").Elapse().Feed("\n");
        Assert.Equal("<one\r>\n<two>\r\n", driver.Text);
        driver.Feed("\n").Feed("three\r").Elapse().Elapse();
        driver.Feed("four\n\n");
        Assert.Equal("<one\r>\n<two>\r\n<>\n<three\r><four>\n<>\n", driver.Text);
        Assert.Equal(6, driver.Record.MessagesReceived);
    }

    [Fact]
    public void A_line_feed_received_while_the_response_is_delayed_follows_it()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { ResponseFormat = "<{0}>", MinDelayMilliseconds = 50, MaxDelayMilliseconds = 50 });
        driver.Feed("one\r").Elapse().Elapse().FeedAhead("\ntwo\n").Elapse();
        Assert.Equal("<one\r>\n", driver.Text);
        driver.Elapse();
        Assert.Equal("<one\r>\n<two>\n", driver.Text);
        Assert.Equal(2, driver.Record.MessagesReceived);
    }

    [Fact]
    public void A_late_line_feed_of_a_message_without_a_response_gets_none()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { IsDiscarding = true, Framing = MessageFraming.Auto, ExitCommand = ["exit"] });
        driver.Feed("one\r").Elapse().Elapse().Feed("\nexit\n");
        Assert.Empty(driver.Output);
        Assert.Equal(2, driver.Record.MessagesReceived);
        driver.AssertEnded(ServerEventReason.ExitCommand);
    }

    [Fact]
    public void With_auto_framing_bytes_before_a_pause_are_a_message_without_a_line_end()
    {
        using var driver = Brackets(MessageFraming.Auto);
        driver.Feed("one\ntw");
        Assert.Equal("<one>\n", driver.Text);
        Assert.Equal(20, driver.Step.Milliseconds);
        Assert.True(driver.Step.HasPendingResponse);

        driver.Feed("o");
        Assert.Equal("<one>\n", driver.Text);
        driver.Elapse();
        Assert.Equal("<one>\n<two>", driver.Text);

        Assert.Equal(Timeout.Infinite, driver.Step.Milliseconds);
        Assert.False(driver.Step.HasPendingResponse);
        Assert.Equal(
            ["MessageReceived 'one' 3", "ResponseSent '<one>' 5", "MessageReceived 'two' 3", "ResponseSent '<two>' 5"],
            driver.Journal);
    }

    [Fact]
    public void With_line_framing_no_pause_ends_a_message()
    {
        using var driver = Brackets(MessageFraming.Line);
        driver.Feed("one\ntw");
        Assert.Equal(Timeout.Infinite, driver.Step.Milliseconds);
        Assert.False(driver.Step.HasPendingResponse);
        Assert.Equal("<one>\n", driver.Text);
    }

    [Theory]
    [InlineData(MessageFraming.Auto)]
    [InlineData(MessageFraming.Line)]
    [InlineData(MessageFraming.None)]
    public void A_last_line_without_its_line_end_gets_a_response_without_one(MessageFraming framing)
    {
        using var driver = Brackets(framing);
        driver.Feed("rest").End();
        Assert.Equal("<rest>", driver.Text);
        driver.AssertEnded(ServerEventReason.ClientClosed);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public void A_client_that_sends_nothing_is_sent_nothing(MessageFraming framing)
    {
        using var driver = Brackets(framing);
        driver.End();
        Assert.Empty(driver.Output);
        driver.AssertEnded(ServerEventReason.ClientClosed);
        Assert.Empty(driver.Journal);
    }

    [Fact]
    public void Coalesced_messages_get_their_responses_in_order_with_one_send()
    {
        using var driver = Brackets(MessageFraming.Line);
        driver.Feed(string.Concat(Enumerable.Range(1, 500).Select(static i => $"m{i}\n")));
        Assert.Equal(string.Concat(Enumerable.Range(1, 500).Select(static i => $"<m{i}>\n")), driver.Text);
        Assert.Single(driver.Sends);
        Assert.Equal(500, driver.Events.Count(static e => e.Kind == "ResponseSent"));
    }

    [Fact]
    public void Responses_are_sent_before_many_accumulate()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { Framing = MessageFraming.Line, ResponseFormat = new string('x', 1000) });
        driver.Feed(new string('\n', 2000));
        Assert.Equal(2000 * 1001, driver.Output.Length);
        Assert.All(driver.Sends, static send => Assert.InRange(send.Length, 1, 64 * 1024 + 1001));
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x80, 0, 0, 0 })]
    public void A_length_prefix_out_of_range_ends_the_conversation_with_its_reason(byte[] prefix)
    {
        using var driver = Brackets(MessageFraming.LengthPrefix);
        driver.Feed([.. ConversationDriver.Prefixed("one"), .. prefix]);
        Assert.Equal(ConversationDriver.Prefixed("<one>"), driver.Output);
        driver.AssertEnded(ServerEventReason.InvalidMessage);
        var error = Assert.Single(driver.Events, static e => e.Kind == "Error");
        Assert.Equal("InvalidMessage", error.Reason);
        Assert.Equal(3, error.ConnectionId);
        Assert.NotEmpty(error.Message!);
    }

    [Fact]
    public void A_huge_length_prefix_ends_the_conversation_as_too_large_before_its_message_is_received()
    {
        using var driver = Brackets(MessageFraming.LengthPrefix);
        driver.Feed([0x7F, 0xFF, 0xFF, 0xFF]);
        driver.AssertEnded(ServerEventReason.MessageTooLarge);
        Assert.Equal("MessageTooLarge", Assert.Single(driver.Events).Reason);
        Assert.Empty(driver.Output);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    public void A_prefixed_message_cut_short_is_an_error(int bytes)
    {
        using var driver = Brackets(MessageFraming.LengthPrefix);
        driver.Feed(ConversationDriver.Prefixed("one")[..bytes]).End();
        driver.AssertEnded(ServerEventReason.InvalidMessage);
        Assert.Equal("InvalidMessage", Assert.Single(driver.Events).Reason);
        Assert.Empty(driver.Output);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void A_line_as_long_as_the_limit_gets_a_response_and_one_byte_more_is_too_large(string lineEnd)
    {
        var options = new EchoServerOptions { Framing = MessageFraming.Line, MaxMessageBytes = 10, ResponseFormat = "{0}" };
        using var fits = new ConversationDriver(options);
        fits.Feed("0123456789" + lineEnd + "again\n");
        Assert.Equal("0123456789" + lineEnd + "again\n", fits.Text);

        using var exceeds = new ConversationDriver(options);
        exceeds.Feed("before\n0123456789x" + lineEnd);
        Assert.Equal("before\n", exceeds.Text);
        exceeds.AssertEnded(ServerEventReason.MessageTooLarge);
    }

    [Fact]
    public void A_prefixed_message_as_long_as_the_limit_gets_a_response_and_one_byte_more_is_too_large()
    {
        var options = new EchoServerOptions { Framing = MessageFraming.LengthPrefix, MaxMessageBytes = 10 };
        using var fits = new ConversationDriver(options);
        fits.Feed(ConversationDriver.Prefixed("0123456789"));
        Assert.Equal(ConversationDriver.Prefixed("0123456789"), fits.Output);

        using var exceeds = new ConversationDriver(options);
        exceeds.Feed(ConversationDriver.Prefixed("0123456789x")[..4]);
        exceeds.AssertEnded(ServerEventReason.MessageTooLarge);
    }

    [Theory]
    [InlineData(MessageFraming.Auto)]
    [InlineData(MessageFraming.Line)]
    public void A_line_that_never_ends_is_refused_at_the_receive_that_exceeds_the_limit(MessageFraming framing)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { Framing = framing, MaxMessageBytes = 10_000, ResponseFormat = "{0}" });
        var receives = 0;
        while (driver.Step.Kind == StepKind.Receive)
        {
            driver.Feed(new byte[1000]);
            receives++;
        }

        Assert.Equal(11, receives);
        driver.AssertEnded(ServerEventReason.MessageTooLarge);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_carriage_return_that_proves_to_be_no_line_end_counts_against_the_limit(bool pause)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { MaxMessageBytes = 3, ResponseFormat = "{0}" });
        driver.Feed("abc\r");
        Assert.Equal(StepKind.Receive, driver.Step.Kind);
        _ = pause ? driver.Elapse().Elapse() : driver.End();
        driver.AssertEnded(ServerEventReason.MessageTooLarge);
        Assert.Empty(driver.Output);
    }

    [Theory]
    [InlineData(null, "\uFEFFolá\n", "\uFEFFolá\n")]
    [InlineData("{0}", "\uFEFFolá\n", "\uFEFFolá\n")]
    [InlineData("<{0}>", "\uFEFFolá\n", "<olá>\n")]
    [InlineData("<{Message,4}>", "\uFEFFolá\n", "< olá>\n")]
    [InlineData("<{0}>", "o\uFEFFlá\n", "<o\uFEFFlá>\n")]
    [InlineData("<{0}>", "\uFEFF\n", "<>\n")]
    public void A_byte_order_mark_is_not_in_the_text_and_is_echoed(string? format, string sent, string answer)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { Framing = MessageFraming.Line, ResponseFormat = format });
        driver.Feed(sent);
        Assert.Equal(Encoding.UTF8.GetBytes(answer), driver.Output);
        var received = driver.Events.Single(static e => e.Kind == nameof(ServerEventKind.MessageReceived));
        Assert.Equal(sent.TrimEnd('\n').TrimStart('\uFEFF'), received.Message);
        Assert.Equal(Encoding.UTF8.GetByteCount(sent) - 1, received.Bytes);
        Assert.False(driver.Events[^1].Message!.StartsWith('\uFEFF'));
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void A_byte_order_mark_hides_no_exit_command(string name)
    {
        var encoding = Encoding.GetEncoding(name);
        var message = encoding.GetBytes("\uFEFFsair");
        using var driver = new ConversationDriver(
            new EchoServerOptions { Framing = MessageFraming.LengthPrefix, Encoding = encoding, ExitCommand = ["sair"], Transform = ResponseTransform.Reverse });
        driver.Feed([0, 0, 0, (byte)message.Length, .. message]);
        driver.AssertEnded(ServerEventReason.ExitCommand);
    }

    private static ConversationDriver Brackets(MessageFraming framing) =>
        new(new EchoServerOptions { Framing = framing, ResponseFormat = "<{0}>" });

    private static ConversationDriver FeedAll(ConversationDriver driver, byte[][] pieces)
    {
        foreach (var piece in pieces)
        {
            driver.Feed(piece);
        }

        return driver;
    }

    private static void ForEveryTwoCuts(byte[] input, Action<byte[][]> check)
    {
        for (var first = 0; first <= input.Length; first++)
        {
            for (var second = first; second <= input.Length; second++)
            {
                byte[][] pieces = [input[..first], input[first..second], input[second..]];
                check([.. pieces.Where(static piece => piece.Length > 0)]);
            }
        }
    }
}
