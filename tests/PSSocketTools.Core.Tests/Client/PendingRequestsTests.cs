using PSSocketTools.Client;
using Xunit;

namespace PSSocketTools.Tests.Client;

public sealed class PendingRequestsTests
{
    [Fact]
    public void Responses_complete_requests_in_their_order()
    {
        var pending = new PendingRequests();
        Exchange first = Message(3), second = Message(4);
        pending.Add(first, joined: false);
        pending.Add(second, joined: false);

        Assert.Equal(7, pending.Bytes);
        Assert.Same(second, pending.Last);
        Assert.Same(first, pending.Take());
        Assert.Equal(4, pending.Bytes);
        Assert.Same(second, pending.Take());
        Assert.Null(pending.Take());
        Assert.Null(pending.Last);
        Assert.Equal(0, pending.Bytes);
    }

    [Fact]
    public void The_last_request_is_known_however_many_are_pending()
    {
        var pending = new PendingRequests();
        pending.Add(Message(1), joined: false);
        Assert.NotNull(pending.Take());
        Assert.Null(pending.Last);

        var later = Message(2);
        pending.Add(later, joined: false);
        pending.Add(Message(3), joined: true);
        Assert.Same(later, pending.Last);
    }

    [Fact]
    public void A_joined_response_completes_with_the_first()
    {
        var pending = new PendingRequests();
        var first = Message(3);
        pending.Add(first, joined: false);
        pending.Add(Message(4), joined: true);
        pending.Add(Message(5), joined: true);

        Assert.Equal(12, pending.Bytes);
        Assert.Same(first, pending.Last);
        Assert.Same(first, pending.Take());
        Assert.False(pending.Any);
        Assert.Equal(0, pending.Bytes);
    }

    [Fact]
    public void An_abandoned_request_completes_nothing()
    {
        var pending = new PendingRequests();
        var message = Message(3);
        pending.Add(message, joined: false);

        Assert.True(pending.AnyAwaitedBy(message.Owner));
        pending.Abandon(message.Owner);
        Assert.False(pending.AnyAwaitedBy(message.Owner));
        Assert.False(message.IsAwaited);
        Assert.True(pending.Any);
    }

    [Fact]
    public void All_pending_requests_fail_with_the_session()
    {
        var pending = new PendingRequests();
        var message = Message(3);
        pending.Add(message, joined: false);
        var error = new SocketToolsException(SocketToolsError.ServerClosed, "over");

        pending.Fail(error);

        Assert.Same(error, message.Error);
        Assert.False(pending.Any);
        Assert.Equal(0, pending.Bytes);
    }

    [Fact]
    public void An_inbox_keeps_the_order_and_tells_when_it_is_over_its_limit()
    {
        var inbox = new Inbox(limit: 300);
        InboxMessage first = Unsolicited(100), second = Unsolicited(50);

        Assert.Null(inbox.Take());
        Assert.True(inbox.Add(first));
        Assert.True(inbox.Add(second));
        Assert.False(inbox.Add(Unsolicited(1)));
        Assert.Same(first, inbox.Take());
        Assert.Same(second, inbox.Take());
        Assert.True(inbox.Add(first));
    }

    private static Exchange Message(int bytes) => new(null!, "oi", bytes, asBytes: false, ResponseHandling.Awaited);

    private static InboxMessage Unsolicited(int bytes) => new(new byte[bytes], complete: true, bytes, DateTimeOffset.Now, exchange: null, TimeSpan.Zero);
}
