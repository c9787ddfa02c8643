using System.Text;
using PSSocketTools.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>Responses computed by other code, at once or later.</summary>
public sealed class ResponderConversationTests
{
    [Fact]
    public void A_responder_gets_the_message_and_who_sent_it()
    {
        var received = new List<ReceivedMessage>();
        using var driver = Lines(message =>
        {
            received.Add(message);
            return Done("ok");
        });
        driver.Feed("olá\r\nx\n");
        Assert.Equal("ok\r\nok\n", driver.Text);
        Assert.Equal(["olá", "x"], received.Select(static m => m.Message));
        Assert.Equal(["\r\n", "\n"], received.Select(static m => m.GetLineEnd()));
        Assert.Equal([1, 2], received.Select(static m => m.Sequence));
        var first = received[0];
        Assert.Equal((4, "192.0.2.1", 49152, 3), (first.Bytes, first.RemoteAddress, first.RemotePort, first.ConnectionId));
        Assert.Equal(driver.Clock.UtcTicks, first.Timestamp.ToUniversalTime().Ticks);
        Assert.Equal("olá"u8.ToArray(), first.Content);
    }

    [Fact]
    public void Responses_keep_their_order_however_long_each_takes()
    {
        var answers = new List<TaskCompletionSource<byte[]?>>();
        using var driver = Lines(_ =>
        {
            answers.Add(new TaskCompletionSource<byte[]?>());
            return answers[^1].Task;
        });
        driver.Feed("one\ntwo\n");
        Assert.Single(answers);
        Assert.Equal(StepKind.Await, driver.Step.Kind);

        answers[0].SetResult("1"u8.ToArray());
        driver.Resume();
        Assert.Equal("1\n", driver.Text);
        Assert.Equal(2, answers.Count);

        answers[1].SetResult("2"u8.ToArray());
        driver.Resume();
        Assert.Equal("1\n2\n", driver.Text);
        Assert.Equal(StepKind.Receive, driver.Step.Kind);
        Assert.Equal(
            ["MessageReceived 'one' 3", "MessageReceived 'two' 3", "ResponseSent '1' 1", "ResponseSent '2' 1"],
            driver.Journal);
    }

    [Fact]
    public void A_responder_may_give_no_response_and_the_conversation_continues()
    {
        using var driver = Lines(static message => message.Message == "quiet" ? Done(null) : Done(message.Message));
        driver.Feed("quiet\nloud\n");
        Assert.Equal("loud\n", driver.Text);
        Assert.Equal(StepKind.Receive, driver.Step.Kind);
    }

    [Fact]
    public void A_responders_bytes_are_sent_unchanged_in_the_messages_framing()
    {
        using var driver = new ConversationDriver(new EchoServerOptions
        {
            Framing = MessageFraming.LengthPrefix,
            Responder = new Responder(static _ => Task.FromResult<byte[]?>([0xFF, 0x00])),
        });
        driver.Feed(ConversationDriver.Prefixed("x"));
        Assert.Equal([0, 0, 0, 2, 0xFF, 0x00], driver.Output);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_responder_that_fails_is_an_error_event_and_closes_the_connection(bool beforeItsTask)
    {
        using var driver = Lines(Failing(beforeItsTask));
        driver.Feed("one\ntwo\nthree\n");
        Assert.Equal("one\n", driver.Text);
        driver.AssertEnded(ServerEventReason.ResponderFailed);
        var error = Assert.Single(driver.Events, static e => e.Kind == "Error");
        Assert.Equal("ResponderFailed", error.Reason);
        Assert.Equal("no good", error.Message);
        Assert.Equal(3, error.ConnectionId);
        Assert.Equal(2, driver.Record.MessagesReceived);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void With_an_error_response_a_failed_responder_does_not_close_the_connection(bool beforeItsTask)
    {
        using var driver = Lines(Failing(beforeItsTask), errorResponse: "erro");
        driver.Feed("one\ntwo\r\nthree\n");
        Assert.Equal("one\nerro\r\nthree\n", driver.Text);
        Assert.Equal(StepKind.Receive, driver.Step.Kind);
        Assert.Equal(1, driver.Journal.Count(static line => line == "Error 'no good' ResponderFailed"));
    }

    [Fact]
    public void A_cancelled_response_is_a_failed_one()
    {
        using var driver = Lines(static _ => Task.FromCanceled<byte[]?>(new CancellationToken(true)));
        driver.Feed("one\n");
        driver.AssertEnded(ServerEventReason.ResponderFailed);
        Assert.NotEmpty(Assert.Single(driver.Events, static e => e.Kind == "Error").Message!);
    }

    [Fact]
    public void A_responder_gets_a_byte_order_mark_in_the_bytes_and_not_in_the_text()
    {
        ReceivedMessage? seen = null;
        using var driver = Lines(message =>
        {
            seen = message;
            return Done(message.Message);
        });
        driver.Feed("\uFEFFolá\n");
        Assert.Equal("olá\n", driver.Text);
        Assert.Equal(7, seen!.Content.Length);
    }

    [Fact]
    public void The_exit_command_does_not_reach_the_responder()
    {
        using var driver = new ConversationDriver(new EchoServerOptions
        {
            Framing = MessageFraming.Line,
            ExitCommand = ["sair"],
            Responder = new Responder(static message => Done("<" + message.Message + ">")),
        });
        driver.Feed("one\nsair\n");
        Assert.Equal("<one>\n", driver.Text);
        driver.AssertEnded(ServerEventReason.ExitCommand);
    }

    [Fact]
    public void A_conversation_ends_after_the_given_number_of_a_responders_responses()
    {
        var answer = new TaskCompletionSource<byte[]?>();
        using var driver = new ConversationDriver(new EchoServerOptions
        {
            DisconnectAfter = 1,
            MinDelayMilliseconds = 5,
            MaxDelayMilliseconds = 5,
            Responder = new Responder(_ => answer.Task),
        });
        driver.Feed("one\ntwo\n");
        answer.SetResult("1"u8.ToArray());
        driver.Resume();
        Assert.Equal(StepKind.Delay, driver.Step.Kind);
        driver.Elapse();
        Assert.Equal("1\n", driver.Text);
        driver.AssertEnded(ServerEventReason.MessageLimit);
    }

    [Fact]
    public void An_unfinished_message_reaches_the_responder_when_its_sender_pauses()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { Responder = new Responder(static message => Done(message.Message + "\n+")) });
        driver.Feed("oi").Elapse();
        Assert.Equal("oi\n+", driver.Text);
        driver.End();
        driver.AssertEnded(ServerEventReason.ClientClosed);
    }

    [Fact]
    public void State_lasts_from_one_message_to_the_next_and_finds_its_keys_in_any_case()
    {
        using var driver = Lines(static message =>
        {
            message.State["Seen"] = (message.State["seen"] as string ?? string.Empty) + message.Message;
            return Done((string)message.State["SEEN"]!);
        });
        driver.Feed("a\nb\nc\n");
        Assert.Equal("a\nab\nabc\n", driver.Text);
    }

    [Fact]
    public void A_responder_that_closes_has_its_answer_sent_and_no_message_after_it_answered()
    {
        using var driver = Lines(static message =>
        {
            if (message.Message == "bye")
            {
                message.Close();
            }

            return Done(message.Message);
        });
        driver.Feed("one\nbye\ntwo\n");
        Assert.Equal("one\nbye\n", driver.Text);
        driver.AssertEnded(ServerEventReason.ServerClosed);
        Assert.Equal(2, driver.Record.MessagesReceived);
    }

    [Theory]
    [InlineData(null, "one\n", ServerEventReason.ResponderFailed)]
    [InlineData("erro", "one\nerro\n", ServerEventReason.ServerClosed)]
    public void A_responder_that_closes_and_then_fails_has_failed(string? errorResponse, string text, ServerEventReason reason)
    {
        using var driver = Lines(
            static message =>
            {
                if (message.Message != "two")
                {
                    return Done(message.Message);
                }

                message.Close();
                throw new InvalidOperationException("no good");
            },
            errorResponse);
        driver.Feed("one\ntwo\nthree\n");
        Assert.Equal(text, driver.Text);
        driver.AssertEnded(reason);
        Assert.Contains("Error 'no good' ResponderFailed", driver.Journal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_responder_that_resets_has_no_answer_sent_whatever_it_gives(bool fails)
    {
        using var driver = Lines(
            message =>
            {
                if (message.Message == "one")
                {
                    return Done("1");
                }

                message.Reset();
                return fails ? throw new InvalidOperationException("no good") : Done("2");
            },
            "erro");
        driver.Feed("one\ntwo\nthree\n");
        Assert.Equal("1\n", driver.Text);
        driver.AssertEnded(ServerEventReason.ServerClosed, StepKind.Reset);
        Assert.DoesNotContain(driver.Events, static e => e.Kind == "Error");
    }

    [Fact]
    public void A_delay_comes_before_the_answer_of_a_responder_that_closes()
    {
        using var driver = new ConversationDriver(new EchoServerOptions
        {
            Framing = MessageFraming.Line,
            MinDelayMilliseconds = 5,
            MaxDelayMilliseconds = 5,
            Responder = new Responder(static message =>
            {
                message.Close();
                return Done("bye");
            }),
        });
        driver.Feed("one\ntwo\n");
        Assert.Equal((StepKind.Delay, string.Empty), (driver.Step.Kind, driver.Text));
        driver.Elapse();
        Assert.Equal("bye\n", driver.Text);
        driver.AssertEnded(ServerEventReason.ServerClosed);
    }

    [Fact]
    public void What_a_responder_traces_and_reports_is_an_event_each_and_costs_no_answer()
    {
        using var driver = Lines(static message =>
        {
            message.Trace("looks it up");
            message.ReportError("not there");
            message.Trace(new string('x', 20_000));
            return Done("none");
        });
        driver.Feed("one\n");
        Assert.Equal("none\n", driver.Text);
        Assert.Equal(
            ["MessageReceived 'one' 3", "Trace 'looks it up'", "Error 'not there' ResponderError", $"Trace '{new string('x', 16 * 1024)}\u2026'", "ResponseSent 'none' 4"],
            driver.Journal);
        Assert.All(driver.Events, static e => Assert.Equal(3, e.ConnectionId));
    }

    private static ConversationDriver Lines(Func<ReceivedMessage, Task<byte[]?>> respond, string? errorResponse = null) =>
        new(new EchoServerOptions { Framing = MessageFraming.Line, Responder = new Responder(respond), ErrorResponse = errorResponse });

    private static Task<byte[]?> Done(string? text) => Task.FromResult(text is null ? null : Encoding.UTF8.GetBytes(text));

    private static Func<ReceivedMessage, Task<byte[]?>> Failing(bool beforeItsTask) => message => message.Message != "two"
        ? Done(message.Message)
        : beforeItsTask ? throw new InvalidOperationException("no good") : Task.FromException<byte[]?>(new InvalidOperationException("no good"));
}
