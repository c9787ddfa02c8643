using System.Text;
using PSSocketTools.Server.Journal;
using PSSocketTools.Tests.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Journal;

public sealed class EventSearchTests
{
    private static readonly ClientRecord One = new(1, "192.0.2.1", 49152, 1);
    private static readonly ClientRecord Two = new(2, "2001:db8::2", 49153, 1);

    private readonly ManualClock _clock = new();

    [Fact]
    public void All_that_is_given_applies()
    {
        var journal = Filled();

        Assert.Equal([1, 2, 3, 4, 5, 6], Found(journal, new()));
        Assert.Equal([2, 4, 5], Found(journal, new() { ConnectionId = [1] }));
        Assert.Equal([4], Found(journal, new() { ConnectionId = [1], Kind = [ServerEventKind.MessageReceived], Message = static text => text[0] == 'a' }));
        Assert.Equal([3, 6], Found(journal, new() { RemoteAddress = [AddressBlock.Parse("2001:db8::/32"), AddressBlock.Parse("10.0.0.0/8")] }));
        Assert.Equal([4, 5, 6], Found(journal, new() { AfterSequence = 3 }));
        Assert.Empty(Found(journal, new() { AfterSequence = long.MaxValue }));
        Assert.Equal([1], Found(journal, new() { Message = static text => text == "127.0.0.1:7" }));
    }

    [Fact]
    public void After_a_time_leaves_out_what_happened_at_it_and_since_does_not()
    {
        var journal = Filled();
        var third = Events(journal, new())[2].GetTimestamp();

        Assert.Equal([4, 5, 6], Found(journal, new() { AfterTime = third }));
        Assert.Equal([3, 4, 5, 6], Found(journal, new() { Since = third }));
        Assert.Equal([4, 5, 6], Found(journal, new() { Since = third, AfterTime = third }));
        Assert.Equal([5, 6], Found(journal, new() { Since = third.AddSeconds(2), AfterTime = third }));
        Assert.Empty(Found(journal, new() { AfterTime = DateTimeOffset.MaxValue }));
    }

    [Fact]
    public void The_last_are_the_last_of_those_wanted()
    {
        var journal = Filled();

        Assert.Equal([5, 6], Found(journal, new() { Last = 2 }));
        Assert.Equal([6], Found(journal, new() { Last = 2, AfterSequence = 5 }));
        Assert.Equal([2, 4, 5], Found(journal, new() { Last = 9, ConnectionId = [1] }));
        Assert.Equal([5, 6], Found(journal, new() { Last = 2, Message = static _ => true }));
    }

    [Fact]
    public void A_follower_gives_what_comes_after_the_events_that_were_found()
    {
        var journal = Filled();
        _ = EventSearch.Find(journal, new() { Last = 1, Message = static _ => false }, out var next);

        Assert.Equal(7, next);
    }

    [Fact]
    public void A_query_says_of_an_event_what_it_says_of_its_row()
    {
        var journal = Filled();
        ServerEventQuery[] queries =
        [
            new(), new() { Kind = [ServerEventKind.Connected] }, new() { AfterSequence = 4 }, new() { ConnectionId = [2] },
            new() { RemoteAddress = [AddressBlock.Parse("192.0.2.0/24")] }, new() { Message = static text => text == "b" },
            new() { AfterTime = Events(journal, new())[3].GetTimestamp() },
        ];

        Assert.All(queries, query => Assert.Equal(
            Found(journal, query), Events(journal, new()).Where(query.Matches).Select(static one => (int)one.Sequence)));
    }

    [Fact]
    public void A_wait_counts_what_matches_each_event_once()
    {
        var journal = Filled();
        var search = new EventSearch(journal, new() { Message = static text => text == "b" });
        Assert.Equal(2, search.CountUpTo(3, out var next));
        Assert.Equal(7, next);

        Note(journal, One, "b");
        Note(journal, One, "b");

        Assert.Equal(3, search.CountUpTo(3, out _));
        Assert.Equal([5, 6, 7], search.First(3).Select(static one => (int)one.Sequence));
    }

    [Fact]
    public void A_wait_for_a_kind_alone_counts_overwritten_events_too()
    {
        var journal = new EventJournal(new ServerIdentity(7, "lab", 7007), 2, Encoding.UTF8, _clock);
        for (var i = 0; i < 5; i++)
        {
            Note(journal, One, "x");
        }

        var search = new EventSearch(journal, new() { Kind = [ServerEventKind.MessageReceived] });
        Assert.Equal(5, search.CountUpTo(5, out _));
        Assert.Equal(2, search.First(5).Count);
    }

    [Fact]
    public void Many_messages_are_found_without_all_of_them_being_held()
    {
        var journal = new EventJournal(new ServerIdentity(7, "lab", 7007), 10_000, Encoding.UTF8, _clock);
        for (var i = 1; i <= 5000; i++)
        {
            Note(journal, One, i % 1000 == 0 ? "rare" : "usual");
        }

        Assert.Equal([1000, 2000, 3000, 4000, 5000], Found(journal, new() { Message = static text => text == "rare" }));
        Assert.Equal([4000, 5000], Found(journal, new() { Message = static text => text == "rare", Last = 2 }));
        Assert.Equal(2, new EventSearch(journal, new() { Message = static text => text == "rare" }).CountUpTo(2, out _));
    }

    [Fact]
    public void Several_servers_have_one_timeline_in_which_each_keeps_its_order()
    {
        var first = new EventJournal(new ServerIdentity(1, "first", 1), 10, Encoding.UTF8, _clock);
        var second = new EventJournal(new ServerIdentity(2, "second", 2), 10, Encoding.UTF8, _clock);
        var start = new DateTimeOffset(_clock.UtcTicks, TimeSpan.Zero);
        Note(first, One, "1");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Note(second, One, "2");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Note(first, One, "3");

        // The clock is set back.
        _clock.SetWall(start);
        Note(first, One, "4");
        _clock.SetWall(start.AddSeconds(9));
        Note(second, One, "5");

        var timeline = ServerEventTimeline.Merge([Events(second, new()), Events(first, new())]);

        Assert.Equal(["1", "2", "3", "4", "5"], timeline.Select(static one => one.Message));
        Assert.Empty(ServerEventTimeline.Merge([]));
    }

    private EventJournal Filled()
    {
        var journal = new EventJournal(new ServerIdentity(7, "lab", 7007), 100, Encoding.UTF8, _clock);
        journal.Append(ServerEventKind.Started, text: "127.0.0.1:7");
        _clock.Advance(TimeSpan.FromSeconds(1));
        journal.Append(ServerEventKind.Connected, One);
        _clock.Advance(TimeSpan.FromSeconds(1));
        journal.Append(ServerEventKind.Connected, Two);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Note(journal, One, "a");
        Note(journal, One, "b");
        Note(journal, Two, "b");
        return journal;
    }

    private void Note(EventJournal journal, ClientRecord client, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        journal.Append(ServerEventKind.MessageReceived, client, bytes, 0, bytes.Length);
        _clock.Advance(TimeSpan.FromSeconds(1));
    }

    private static List<ServerEvent> Events(EventJournal journal, ServerEventQuery query) => EventSearch.Find(journal, query, out _);

    private static IEnumerable<int> Found(EventJournal journal, ServerEventQuery query) => Events(journal, query).Select(static one => (int)one.Sequence);
}
