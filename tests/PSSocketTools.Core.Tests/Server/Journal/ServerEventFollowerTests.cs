using System.Text;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;
using Xunit;

namespace PSSocketTools.Tests.Server.Journal;

public sealed class ServerEventFollowerTests
{
    private static readonly ClientRecord Client = new(3, "192.0.2.1", 49152, 1);

    [Fact]
    public void A_follower_reads_each_event_once()
    {
        var journal = Journal(10);
        Note(journal, "one");
        var all = new ServerEventFollower(journal, next: 1);
        var news = new ServerEventFollower(journal, next: 2);
        Note(journal, "two");

        Assert.Equal(["one", "two"], Messages(all.Read()));
        Assert.Equal(["two"], Messages(news.Read()));
        Assert.Empty(all.Read());
        Note(journal, "three");
        Assert.Equal(["three"], Messages(all.Read()));
        Assert.Equal(0, all.Missed + news.Missed);
    }

    [Fact]
    public void Events_overwritten_before_they_are_read_are_counted()
    {
        var journal = Journal(3);
        var follower = new ServerEventFollower(journal, next: 1);
        Note(journal, "m1");
        Assert.Equal(["m1"], Messages(follower.Read()));
        for (var i = 2; i <= 9; i++)
        {
            Note(journal, $"m{i}");
        }

        Assert.Equal(["m7", "m8"], Messages(follower.Read(2)));
        Assert.Equal(5, follower.Missed);
        Assert.Equal(["m9"], Messages(follower.Read(2)));
        Assert.Equal(5, follower.Missed);
    }

    [Fact]
    public void Without_capacity_every_event_is_missed()
    {
        var journal = Journal(0);
        var follower = new ServerEventFollower(journal, next: 1);
        Note(journal, "one");
        Note(journal, "two");
        Assert.Empty(follower.Read());
        Assert.Equal(2, follower.Missed);
    }

    [Fact]
    public async Task Waiting_ends_with_the_next_event_or_with_the_end()
    {
        var journal = Journal(10);
        var follower = new ServerEventFollower(journal, next: 1);
        var waiting = follower.WaitAsync();
        Assert.False(waiting.IsCompleted);
        Note(journal, "one");
        Assert.True(await waiting.WaitAsync(Patience.Long));
        Assert.True(await follower.WaitAsync().WaitAsync(Patience.Long));
        follower.Read();

        waiting = follower.WaitAsync();
        journal.End();
        Assert.False(await waiting.WaitAsync(Patience.Long));
        Assert.False(await follower.WaitAsync().WaitAsync(Patience.Long));
    }

    [Fact]
    public async Task Events_appended_before_the_end_can_be_read_after_it()
    {
        var journal = Journal(10);
        var follower = new ServerEventFollower(journal, next: 1);
        Note(journal, "last");
        journal.End();
        Assert.True(await follower.WaitAsync().WaitAsync(Patience.Long));
        Assert.Equal(["last"], Messages(follower.Read()));
        Assert.False(await follower.WaitAsync().WaitAsync(Patience.Long));
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(50)]
    public async Task A_follower_reads_every_event_of_several_writers(int capacity)
    {
        const int Writers = 4;
        const int Each = 5000;
        var journal = Journal(capacity);
        var follower = new ServerEventFollower(journal, next: 1);
        var writing = Enumerable.Range(1, Writers).Select(id => Task.Run(() =>
        {
            var client = new ClientRecord(id, "192.0.2.1", id, 1);
            for (var i = 0; i < Each; i++)
            {
                var message = Encoding.ASCII.GetBytes($"{id}/{i}" + new string('x', i % 100));
                journal.Append(ServerEventKind.MessageReceived, client, message, 0, message.Length);
            }
        })).ToArray();
        _ = Task.WhenAll(writing).ContinueWith(_ => journal.End(), TaskScheduler.Default);

        var seen = new List<ServerEvent>();
        while (await follower.WaitAsync().WaitAsync(Patience.Long))
        {
            seen.AddRange(follower.Read(500));
        }

        await Task.WhenAll(writing);
        Assert.Equal(Writers * Each, seen.Count + follower.Missed);
        Assert.Equal(seen.Select(static e => e.Sequence).Order().Distinct(), seen.Select(static e => e.Sequence));
        foreach (var client in seen.GroupBy(static e => e.ConnectionId!.Value))
        {
            var last = -1;
            foreach (var e in client)
            {
                var number = int.Parse(e.Message!.TrimEnd('x').Split('/')[1], System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(number > last);
                Assert.Equal($"{client.Key}/{number}" + new string('x', number % 100), e.Message);
                last = number;
            }
        }
    }

    private static EventJournal Journal(int capacity) => new(new ServerIdentity(7, "lab", 7007), capacity, Encoding.UTF8, Clock.System);

    private static void Note(EventJournal journal, string message) =>
        journal.Append(ServerEventKind.MessageReceived, Client, Encoding.UTF8.GetBytes(message), 0, message.Length);

    private static IEnumerable<string?> Messages(IEnumerable<ServerEvent> events) => events.Select(static e => e.Message);
}
