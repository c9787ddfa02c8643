using PSSocketTools.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>Faults on purpose, timeouts, and counters.</summary>
public sealed class FaultConversationTests
{
    private static readonly string[] Fragmented = ["MessageReceived", "FaultStruck", "ResponseSent"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void After_the_given_number_of_responses_the_conversation_ends(bool reset)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { DisconnectAfter = reset ? 0 : 2, ResetAfter = reset ? 2 : 0, Framing = MessageFraming.Line });
        driver.Feed("one\n");
        Assert.Equal(StepKind.Receive, driver.Step.Kind);
        driver.Feed("two\nthree\n");
        Assert.Equal("one\ntwo\n", driver.Text);
        driver.AssertEnded(ServerEventReason.MessageLimit, reset ? StepKind.Reset : StepKind.Close);
        Assert.Equal(2, driver.Record.MessagesReceived);
        Assert.Equal(
            ["MessageReceived 'one' 3", "ResponseSent 'one' 3", "MessageReceived 'two' 3", "FaultStruck", "ResponseSent 'two' 3"],
            driver.Journal);
    }

    [Fact]
    public void A_discarding_server_ends_after_the_given_number_of_messages()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { DisconnectAfter = 1, IsDiscarding = true });
        driver.Feed("one").Elapse();
        Assert.Empty(driver.Output);
        driver.AssertEnded(ServerEventReason.MessageLimit);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Responses_are_sent_in_fragments(bool plain)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { FragmentBytes = 3, ResponseFormat = plain ? null : "{0}" });
        driver.Feed("1234567\nab\n");
        Assert.Equal("1234567\nab\n", driver.Text);
        Assert.All(driver.Sends, static send => Assert.InRange(send.Length, 1, 3));
        Assert.Equal([.. Enumerable.Repeat(Fragmented, plain ? 1 : 2).SelectMany(static kinds => kinds)], driver.Events.Select(static e => e.Kind));
        Assert.Equal(plain ? 11 : 7, driver.Events.First(static e => e.Kind == "ResponseSent").Bytes);
    }

    [Fact]
    public void Each_response_is_delayed_and_nothing_is_received_meanwhile()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { MinDelayMilliseconds = 40, MaxDelayMilliseconds = 60, Framing = MessageFraming.Line });
        driver.Feed("one\ntwo\n");
        Assert.Equal(StepKind.Delay, driver.Step.Kind);
        Assert.InRange(driver.Step.Milliseconds, 40, 60);
        Assert.Empty(driver.Output);

        driver.Elapse();
        Assert.Equal("one\n", driver.Text);
        Assert.Equal(StepKind.Delay, driver.Step.Kind);

        driver.Elapse();
        Assert.Equal("one\ntwo\n", driver.Text);
        Assert.Equal(StepKind.Receive, driver.Step.Kind);
        Assert.Equal(["MessageReceived", "FaultStruck", "ResponseSent", "MessageReceived", "FaultStruck", "ResponseSent"], driver.Events.Select(static e => e.Kind));
    }

    [Fact]
    public void Delays_vary_between_minimum_and_maximum()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { MinDelayMilliseconds = 0, MaxDelayMilliseconds = 5, Framing = MessageFraming.Line });
        var delays = new HashSet<int>();
        for (var i = 0; i < 200; i++)
        {
            driver.Feed("x\n");
            delays.Add(driver.Step.Kind == StepKind.Delay ? driver.Step.Milliseconds : 0);
            if (driver.Step.Kind == StepKind.Delay)
            {
                driver.Elapse();
            }
        }

        Assert.Equal([0, 1, 2, 3, 4, 5], delays.Order());
    }

    [Fact]
    public void A_delayed_last_response_is_sent_before_the_end()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { MinDelayMilliseconds = 9, MaxDelayMilliseconds = 9, DisconnectAfter = 1, Framing = MessageFraming.Line });
        driver.Feed("one\n");
        Assert.Equal(9, driver.Step.Milliseconds);
        driver.Elapse();
        Assert.Equal("one\n", driver.Text);
        driver.AssertEnded(ServerEventReason.MessageLimit);
    }

    [Theory]
    [InlineData(true, MessageFraming.Auto)]
    [InlineData(false, MessageFraming.Auto)]
    [InlineData(false, MessageFraming.Line)]
    [InlineData(false, MessageFraming.LengthPrefix)]
    [InlineData(true, MessageFraming.None)]
    [InlineData(false, MessageFraming.None)]
    public void A_client_that_sends_nothing_for_the_idle_timeout_is_disconnected(bool plain, MessageFraming framing)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { IdleTimeout = TimeSpan.FromSeconds(7), Framing = framing, ResponseFormat = plain ? null : "{0}" });
        Assert.Equal(7000, driver.Step.Milliseconds);
        Assert.False(driver.Step.HasPendingResponse);
        driver.Elapse();
        driver.AssertEnded(ServerEventReason.IdleTimeout);
        Assert.Empty(driver.Journal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_client_that_acknowledges_nothing_for_the_idle_timeout_is_reset_and_its_response_not_reported_as_sent(bool plain)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { IdleTimeout = TimeSpan.FromSeconds(7), ResponseFormat = plain ? null : "{0}" });
        driver.IsStalling = true;
        driver.Feed("one\n");
        driver.AssertEnded(ServerEventReason.IdleTimeout, StepKind.Reset);
        Assert.Equal(["MessageReceived"], driver.Events.Select(static e => e.Kind));
    }

    [Fact]
    public void The_idle_gap_of_a_message_ends_before_the_idle_timeout()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { IdleTimeout = TimeSpan.FromSeconds(7), ResponseFormat = "{0}" });
        driver.Feed("abc");
        Assert.Equal(20, driver.Step.Milliseconds);
        driver.Elapse();
        Assert.Equal("abc", driver.Text);
        Assert.Equal(7000, driver.Step.Milliseconds);
        driver.Elapse();
        driver.AssertEnded(ServerEventReason.IdleTimeout);
    }

    [Fact]
    public void An_unfinished_line_does_not_keep_an_idle_connection_open()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { IdleTimeout = TimeSpan.FromSeconds(7), Framing = MessageFraming.Line });
        driver.Feed("abc");
        Assert.Equal(7000, driver.Step.Milliseconds);
        driver.Elapse();
        Assert.Empty(driver.Output);
        driver.AssertEnded(ServerEventReason.IdleTimeout);
    }

    [Fact]
    public void Counters_count_messages_and_every_byte_of_their_framing()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { Framing = MessageFraming.LengthPrefix });
        driver.Feed([.. ConversationDriver.Prefixed("one"), .. ConversationDriver.Prefixed("fo")]);
        driver.Feed(ConversationDriver.Prefixed("ur"));
        Assert.Equal(3, driver.Record.MessagesReceived);
        Assert.Equal(7 + 6 + 6, driver.Record.BytesReceived);
        Assert.Equal([3, 2, 2], driver.Events.Where(static e => e.Kind == "ResponseSent").Select(static e => e.Bytes!.Value));
    }

    [Fact]
    public void A_plain_echo_records_the_bytes_of_each_receive_and_their_sender()
    {
        using var driver = new ConversationDriver(new EchoServerOptions());
        driver.Feed("ol").Feed("á\n").End();
        Assert.Equal("olá\n", driver.Text);
        Assert.Equal(["MessageReceived 'ol' 2", "ResponseSent 'ol' 2", "MessageReceived 'á\n' 3", "ResponseSent 'á\n' 3"], driver.Journal);
        Assert.All(driver.Events, e =>
        {
            Assert.Equal(7, e.ServerId);
            Assert.Equal(3, e.ConnectionId);
            Assert.Equal("192.0.2.1", e.RemoteAddress);
            Assert.Equal(49152, e.RemotePort);
            Assert.Equal(driver.Clock.UtcTicks, e.Timestamp.ToUniversalTime().Ticks);
            Assert.Null(e.Reason);
            Assert.Null(e.DurationMilliseconds);
        });
        Assert.Equal([1, 2, 3, 4], driver.Events.Select(static e => e.Sequence));
        driver.AssertEnded(ServerEventReason.ClientClosed);
    }

    [Fact]
    public void A_response_longer_than_the_journals_limit_is_truncated_and_counted_in_full()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { Framing = MessageFraming.Line, EventMessageBytes = 4096 });
        driver.Feed(new string('x', 5000) + "\n");
        Assert.All(driver.Events, static e =>
        {
            Assert.Equal(5000, e.Bytes);
            Assert.Equal((new string('x', 4096), true), (e.Message, e.IsTruncated));
        });
        Assert.Equal(5001, driver.Output.Length);
    }
}
