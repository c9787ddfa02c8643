using System.Text;
using PSSocketTools.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>Messages that end with a delimiter, and what ends the lines that the server sends unsolicited.</summary>
public sealed class DelimiterConversationTests
{
    private static readonly EchoServerOptions Brackets = new()
    {
        Framing = MessageFraming.Delimiter, Delimiter = new MessageDelimiter("aab", Encoding.UTF8), ResponseFormat = "<{0}>",
    };

    [Fact]
    public void Messages_are_found_whatever_two_places_they_are_split_at()
    {
        var wire = ConversationDriver.Bytes("oneaabaaabaabtwo\nolá 👋aabaa");
        for (var first = 0; first <= wire.Length; first++)
        {
            for (var second = first; second <= wire.Length; second++)
            {
                using var driver = new ConversationDriver(Brackets);
                byte[][] pieces = [wire[..first], wire[first..second], wire[second..]];
                foreach (var piece in pieces.Where(static piece => piece.Length > 0))
                {
                    driver.Feed(piece);
                }

                driver.End();
                Assert.Equal("<one>aab<a>aab<>aab<two\nolá 👋>aab<aa>", driver.Text);
                Assert.Equal(5, driver.Record.MessagesReceived);
                driver.AssertEnded(ServerEventReason.ClientClosed);
            }
        }
    }

    [Fact]
    public void The_journal_has_messages_and_responses_without_their_delimiters()
    {
        using var driver = new ConversationDriver(Brackets with { ExitCommand = ["exit"], Farewell = "bye", Greeting = "hello" });
        driver.Feed("oneaabexitaab");

        Assert.Equal("helloaab<one>aabbyeaab", driver.Text);
        Assert.Equal(["MessageReceived 'one' 3", "MessageReceived 'exit' 4", "ResponseSent '<one>' 5", "ResponseSent 'bye' 3"], driver.Journal);
        driver.AssertEnded(ServerEventReason.ExitCommand);
    }

    [Fact]
    public async Task A_responder_gets_messages_without_their_delimiters_and_its_answers_end_with_them()
    {
        var answers = new Responder(static message => Task.FromResult<byte[]?>([.. message.Content, (byte)'!']));
        using var driver = new ConversationDriver(Brackets with { ResponseFormat = null, Responder = answers });
        driver.Feed("oneaabtwoaab");
        while (driver.Step.Kind == StepKind.Await)
        {
            await driver.Step.Task!;
            driver.Resume();
        }

        Assert.Equal("one!aabtwo!aab", driver.Text);
    }

    [Fact]
    public void What_never_ends_is_given_up_with_the_receive_that_exceeds_the_limit()
    {
        using var driver = new ConversationDriver(Brackets with { MaxMessageBytes = 10 });
        driver.Feed("0123456789aa").Feed("baab").Feed("0123456789").Feed("x");

        Assert.Equal("<0123456789>aab<>aab", driver.Text);
        driver.AssertEnded(ServerEventReason.MessageTooLarge);
    }

    [Theory]
    [InlineData(LineEnding.Lf, "exit\n", "hello\n", "bye\n")]
    [InlineData(LineEnding.Lf, "exit\r\n", "hello\n", "bye\r\n")]
    [InlineData(LineEnding.CrLf, "exit\n", "hello\r\n", "bye\r\n")]
    [InlineData(LineEnding.CrLf, "exit\r\n", "hello\r\n", "bye\r\n")]
    public void What_is_sent_unsolicited_ends_as_lines_of_the_server_do(LineEnding lineEnding, string exit, string greeting, string farewell)
    {
        using var driver = new ConversationDriver(
            new EchoServerOptions { LineEnding = lineEnding, Greeting = "hello", ExitCommand = ["exit"], Farewell = "bye" });
        driver.Feed("one\ntwo\r\n" + exit);

        Assert.Equal(greeting + "one\ntwo\r\n" + farewell, driver.Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_greeting_ends_as_lines_of_the_server_do_where_bytes_are_echoed_as_they_come(bool isDiscarding)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { LineEnding = LineEnding.CrLf, Greeting = "hello", IsDiscarding = isDiscarding });

        Assert.Equal("hello\r\n", driver.Text);
    }

    [Fact]
    public void A_farewell_to_a_message_that_ended_with_a_pause_ends_with_nothing()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { LineEnding = LineEnding.CrLf, ExitCommand = ["exit"], Farewell = "bye" });
        driver.Feed("exit").Elapse();

        Assert.Equal("bye", driver.Text);
    }

    public static TheoryData<EchoServerOptions, string[]> Refused => new()
    {
        { new() { Framing = MessageFraming.Delimiter }, ["Framing Delimiter", "Delimiter"] },
        { Brackets with { Framing = MessageFraming.Line }, ["Delimiter", "Framing Line"] },
        { Brackets with { Framing = MessageFraming.Auto }, ["Delimiter", "Framing Auto"] },
        { Brackets with { LineEnding = LineEnding.Lf }, ["LineEnding", "Delimiter"] },
        { new() { Framing = MessageFraming.None, LineEnding = LineEnding.CrLf }, ["LineEnding", "None"] },
        { new() { Framing = MessageFraming.LengthPrefix, LineEnding = LineEnding.CrLf }, ["LineEnding", "LengthPrefix"] },
        { Brackets with { Protocol = SocketProtocol.Udp }, ["Delimiter", "Protocol Udp"] },
        { new() { Protocol = SocketProtocol.Udp, LineEnding = LineEnding.CrLf }, ["LineEnding", "Protocol Udp"] },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void Options_of_another_framing_are_refused_with_their_names(EchoServerOptions options, string[] names)
    {
        var refusal = Assert.Throws<SocketToolsException>(options.ToPlan);

        Assert.Equal(SocketToolsError.InvalidOption, refusal.Error);
        Assert.All(names, name => Assert.Contains(name, refusal.Message, StringComparison.Ordinal));
    }
}
