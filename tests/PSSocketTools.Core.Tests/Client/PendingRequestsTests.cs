using PSSocketTools.Client;
using Xunit;

namespace PSSocketTools.Tests.Client;

public sealed class OwedAnswersTests
{
    [Fact]
    public void Answers_are_owed_in_the_order_of_their_messages()
    {
        var owed = new PendingRequests();
        Exchange first = Message(3), second = Message(4);
        owed.Add(first, joined: false);
        owed.Add(second, joined: false);

        Assert.Equal(7, owed.Bytes);
        Assert.Same(second, owed.Last);
        Assert.Same(first, owed.Take());
        Assert.Equal(4, owed.Bytes);
        Assert.Same(second, owed.Take());
        Assert.Null(owed.Take());
        Assert.Null(owed.Last);
        Assert.Equal(0, owed.Bytes);
    }

    [Fact]
    public void The_last_is_known_whoever_else_is_owed()
    {
        var owed = new PendingRequests();
        owed.Add(Message(1), joined: false);
        Assert.NotNull(owed.Take());
        Assert.Null(owed.Last);

        var later = Message(2);
        owed.Add(later, joined: false);
        owed.Add(Message(3), joined: true);
        Assert.Same(later, owed.Last);
    }

    [Fact]
    public void A_joined_answer_comes_with_the_first()
    {
        var owed = new PendingRequests();
        var first = Message(3);
        owed.Add(first, joined: false);
        owed.Add(Message(4), joined: true);
        owed.Add(Message(5), joined: true);

        Assert.Equal(12, owed.Bytes);
        Assert.Same(first, owed.Last);
        Assert.Same(first, owed.Take());
        Assert.False(owed.Any);
        Assert.Equal(0, owed.Bytes);
    }

    [Fact]
    public void What_is_disowned_is_waited_for_by_nobody()
    {
        var owed = new PendingRequests();
        var message = Message(3);
        owed.Add(message, joined: false);

        Assert.True(owed.AnyAwaitedBy(message.Owner));
        owed.Abandon(message.Owner);
        Assert.False(owed.AnyAwaitedBy(message.Owner));
        Assert.False(message.Waited);
        Assert.True(owed.Any);
    }

    [Fact]
    public void All_that_is_owed_fails_with_the_session()
    {
        var owed = new PendingRequests();
        var message = Message(3);
        owed.Add(message, joined: false);
        var error = new SocketToolsException(SocketToolsError.ServerClosed, "over");

        owed.Fail(error);

        Assert.Same(error, message.Error);
        Assert.False(owed.Any);
        Assert.Equal(0, owed.Bytes);
    }

    [Fact]
    public void An_inbox_keeps_the_order_and_tells_when_it_is_over_its_limit()
    {
        var inbox = new Inbox(limit: 300);
        UnsolicitedMessage first = Unasked(100), second = Unasked(50);

        Assert.Null(inbox.Take());
        Assert.True(inbox.Add(first));
        Assert.True(inbox.Add(second));
        Assert.False(inbox.Add(Unasked(1)));
        Assert.Same(first, inbox.Take());
        Assert.Same(second, inbox.Take());
        Assert.True(inbox.Add(first));
    }

    private static Exchange Message(int bytes) => new(null!, "oi", bytes, asBytes: false, waited: true);

    private static UnsolicitedMessage Unasked(int bytes) => new(new byte[bytes], complete: true, bytes, DateTimeOffset.Now, answers: null, TimeSpan.Zero);
}
