using System.Globalization;
using System.Text;
using PSSocketTools.Server.Journal;
using PSSocketTools.Tests.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Journal;

public sealed class EventJournalTests
{
    private const int MessageBytes = 4096;

    private static readonly ClientRecord Client = new(3, "192.0.2.1", 49152, 1);

    private readonly ManualClock _clock = new();

    [Fact]
    public void An_event_has_what_was_appended()
    {
        var journal = Journal(10);
        journal.Append(ServerEventKind.Started, text: "127.0.0.1:5000");
        _clock.Advance(TimeSpan.FromSeconds(1));
        journal.Append(ServerEventKind.Connected, Client);
        journal.Append(ServerEventKind.MessageReceived, Client, Encoding.Latin1.GetBytes("xxolá!"), 2, 3);
        journal.Append(ServerEventKind.Disconnected, Client, ServerEventReason.Reset, duration: TimeSpan.FromMilliseconds(1500));

        var events = All(journal);
        Assert.Equal(
            [
                (1, "Started", "127.0.0.1:5000", null, null, null),
                (2, "Connected", null, null, null, null),
                (3, "MessageReceived", "olá", 3, null, null),
                (4, "Disconnected", null, null, "Reset", 1500),
            ],
            events.Select(static e => ((int)e.Sequence, e.Kind, e.Message, (int?)e.Bytes, e.Reason, (int?)e.DurationMilliseconds)));
        Assert.Null(events[0].ConnectionId);
        Assert.Null(events[0].RemoteAddress);
        Assert.Null(events[0].RemotePort);
        Assert.All(events.Skip(1), static e => Assert.Equal((3, "192.0.2.1", 49152), (e.ConnectionId!.Value, e.RemoteAddress, e.RemotePort!.Value)));
        Assert.All(events, static e => Assert.Equal(7, e.ServerId));
        Assert.Equal(TimeSpan.FromSeconds(1), events[1].Timestamp - events[0].Timestamp);
        Assert.All(events, static e => Assert.Equal(DateTimeKind.Local, e.Timestamp.Kind));
        Assert.Equal(_clock.UtcTicks, events[3].Timestamp.ToUniversalTime().Ticks);
        Assert.Equal(new DateTime(_clock.UtcTicks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture), events[3].TimestampUtc);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    public void It_holds_as_many_events_as_its_capacity_and_counts_the_dropped_ones(int capacity)
    {
        var journal = Journal(capacity);
        for (var i = 1; i <= (capacity * 2) + 7; i++)
        {
            Note(journal, $"m{i}");
            Assert.Equal(Math.Max(0, i - capacity), journal.Dropped);
        }

        var events = All(journal);
        Assert.Equal(capacity, events.Count);
        Assert.Equal(Enumerable.Range(capacity + 8, capacity).Select(static i => ((long)i, $"m{i}")), events.Select(static e => (e.Sequence, e.Message!)));
    }

    [Fact]
    public void With_no_capacity_every_event_is_dropped_and_counted()
    {
        var journal = Journal(0);
        Note(journal, "one");
        journal.Append(ServerEventKind.Connected, Client);
        Assert.Equal(2, journal.Dropped);
        Assert.Empty(journal.Read(1, int.MaxValue, default, out var next));
        Assert.Equal(3, next);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(1_000_000)]
    public void A_message_is_kept_up_to_the_limit_and_counted_in_full(int count)
    {
        var journal = Journal(10);
        journal.Append(ServerEventKind.MessageReceived, Client, Encoding.ASCII.GetBytes(new string('x', count)), 0, count);
        var e = Assert.Single(All(journal));
        Assert.Equal(count, e.Bytes);
        Assert.Equal(new string('x', Math.Min(count, MessageBytes)), e.Message);
        Assert.Equal(Math.Min(count, MessageBytes), e.Content!.Length);
        Assert.Equal(count > MessageBytes, e.IsTruncated);
    }

    [Fact]
    public void A_truncated_message_ends_between_characters_and_its_bytes_at_the_limit()
    {
        var journal = new EventJournal(new ServerIdentity(7, "lab", 7007), 10, Encoding.UTF8, _clock, messageBytes: 3);
        var bytes = Encoding.UTF8.GetBytes("aé👋");
        journal.Append(ServerEventKind.MessageReceived, Client, bytes, 0, bytes.Length);
        journal.Append(ServerEventKind.ResponseSent, Client, bytes, 1, bytes.Length - 1);
        journal.Append(ServerEventKind.ResponseSent, Client, bytes, 0, 3);
        journal.Append(ServerEventKind.Error, text: "longer than a message");

        var events = All(journal);
        Assert.Equal(["aé", "é", "aé", "longer than a message"], events.Select(static e => e.Message));
        Assert.Equal([true, true, false, false], events.Select(static e => e.IsTruncated));
        Assert.Equal([7, 6, 3, null], events.Select(static e => e.Bytes));
        Assert.Equal([bytes[..3], bytes[1..4], bytes[..3], null], events.Select(static e => e.Content));
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(4093)]
    [InlineData(1000)]
    public void Bytes_are_bounded_in_all_and_read_whole_across_the_end_of_the_ring(int size)
    {
        const int Wanted = 50_000;
        var journal = Journal(Wanted);
        var message = new byte[size];
        var count = Math.Min(Wanted, (JournalRing.MaxBytes / size * 2) + 11);
        for (var i = 0; i < count; i++)
        {
            Fill(message, i);
            journal.Append(ServerEventKind.MessageReceived, Client, message, 0, size);
        }

        var events = All(journal);
        Assert.Equal(JournalRing.MaxBytes / size, events.Count);
        Assert.Equal(count - events.Count, journal.Dropped);
        foreach (var e in events)
        {
            Fill(message, (int)e.Sequence - 1);
            Assert.Equal(Encoding.Latin1.GetString(message), e.Message);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(40)]
    public void Events_of_any_size_are_read_as_they_were_appended(int mostBetween)
    {
        var random = new Random(20260304);
        var journal = Journal(8000);
        var earlier = new Queue<(byte[] Message, long Position)>();
        var noted = new List<byte[]?>();
        for (var i = 0; i < 12_000; i++)
        {
            var size = random.Next(4) switch { 0 => -1, 1 => random.Next(i % 2 == 0 ? 10 : 4096), _ => random.Next(4000, 6000) };
            if (size < 0)
            {
                noted.Add(null);
                journal.Append(ServerEventKind.Error, Client, ServerEventReason.Failure, $"error {noted.Count - 1}");
            }
            else
            {
                var message = new byte[size];
                random.NextBytes(message);
                noted.Add(message);
                earlier.Enqueue((message, journal.Append(ServerEventKind.MessageReceived, Client, message, 0, size)));
            }

            // Responses with the same bytes, some long after the message.
            while (mostBetween > 0 && earlier.Count > random.Next(mostBetween))
            {
                var (message, position) = earlier.Dequeue();
                noted.Add(message);
                Assert.Equal(message.Length > 0, position >= 0);

                // Where they are kept already they are not looked at.
                journal.Append(ServerEventKind.ResponseSent, Client, message, 0, message.Length, position);
            }

            if (i % 1000 == 0)
            {
                AssertHolds(journal, noted);
            }
        }

        AssertHolds(journal, noted);
        Assert.True(journal.Dropped > 4000, "both bounds were reached");
    }

    [Fact]
    public void Events_are_read_by_kind_and_from_a_sequence_on()
    {
        var journal = Journal(100);
        for (var i = 1; i <= 10; i++)
        {
            Note(journal, $"m{i}");
            journal.Append(ServerEventKind.Error, Client, ServerEventReason.Failure, "e");
        }

        Assert.Equal([15, 17, 19], journal.Read(15, int.MaxValue, new JournalFilter([ServerEventKind.MessageReceived]), out var next).Select(static e => (int)e.Sequence));
        Assert.Equal(21, next);
        Assert.Equal([5, 6, 7], journal.Read(5, 3, default, out next).Select(static e => (int)e.Sequence));
        Assert.Equal(8, next);
        Assert.Empty(journal.Read(21, 3, default, out next));
        Assert.Equal(21, next);
        Assert.Empty(journal.Read(99, 3, default, out next));
        Assert.Equal(21, next);
    }

    [Fact]
    public void A_filtered_read_that_stops_early_continues_without_a_gap()
    {
        var journal = Journal(100);
        for (var i = 0; i < 30; i++)
        {
            Note(journal, $"m{i}");
            journal.Append(ServerEventKind.Connected, Client);
        }

        var seen = new List<string>();
        for (long from = 1; from <= 60;)
        {
            seen.AddRange(journal.Read(from, 7, new JournalFilter([ServerEventKind.MessageReceived]), out from).Select(static e => e.Message!));
        }

        Assert.Equal(Enumerable.Range(0, 30).Select(static i => $"m{i}"), seen);
    }

    [Fact]
    public async Task Waiting_for_a_sequence_ends_with_that_event_and_not_before()
    {
        var journal = Journal(10);
        Note(journal, "one");
        Assert.True(await journal.WhenReached(1));

        var third = journal.WhenReached(3);
        var second = journal.WhenReached(2);
        Note(journal, "two");
        Assert.True(await second.WaitAsync(Patience.Long));
        Assert.False(third.IsCompleted);
        Note(journal, "three");
        Assert.True(await third.WaitAsync(Patience.Long));
    }

    [Fact]
    public async Task Waiting_ends_when_the_journal_ends()
    {
        var journal = Journal(10);
        var first = journal.WhenReached(1);
        var second = journal.WhenReached(2);
        journal.Append(ServerEventKind.Stopped);
        journal.End();
        Assert.True(await first.WaitAsync(Patience.Long));
        Assert.False(await second.WaitAsync(Patience.Long));
        Assert.False(await journal.WhenReached(2).WaitAsync(Patience.Long));
        Assert.True(await journal.WhenReached(1).WaitAsync(Patience.Long));
    }

    [Fact]
    public void A_stored_event_allocates_no_object()
    {
        var journal = Journal(1000);
        var message = new byte[200];
        NoteMany(3000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        NoteMany(10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void NoteMany(int count)
        {
            for (var i = 0; i < count; i++)
            {
                journal.Append(ServerEventKind.MessageReceived, Client, message, 0, message.Length);
                journal.Append(ServerEventKind.ResponseSent, Client, message, 0, message.Length);
                journal.Append(ServerEventKind.Connected, Client);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(5000)]
    [InlineData(20_000)]
    public void The_last_events_of_a_kind_are_read(int count)
    {
        var journal = Journal(30_000);
        for (var i = 1; i <= 20_000; i++)
        {
            Note(journal, $"m{i}");
            journal.Append(ServerEventKind.Connected, Client);
            journal.Append(ServerEventKind.Connected, Client);
        }

        // The ring holds the last 10,000 of each.
        var events = journal.ReadLast(count, new JournalFilter([ServerEventKind.MessageReceived]), out var next);
        Assert.Equal(60_001, next);
        var found = Math.Min(count, 10_000);
        Assert.Equal(Enumerable.Range(20_001 - found, found).Select(static i => $"m{i}"), events.Select(static e => e.Message));
        Assert.Equal(Math.Min(count, 30_000), journal.ReadLast(count, default, out _).Count);
        Assert.Empty(journal.ReadLast(count, new JournalFilter([ServerEventKind.Error]), out _));
    }

    [Fact]
    public void Events_are_read_by_time()
    {
        var journal = Journal(100);
        for (var i = 1; i <= 10; i++)
        {
            Note(journal, $"m{i}");
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        var since = All(journal)[6].Timestamp;
        Assert.Equal(["m7", "m8", "m9", "m10"], journal.Read(1, 100, new JournalFilter(null, since), out _).Select(static e => e.Message));
        Assert.Equal(["m9", "m10"], journal.ReadLast(2, new JournalFilter(null, since), out _).Select(static e => e.Message));
        Assert.Equal(4, journal.ReadLast(20, new JournalFilter(null, since), out _).Count);
        Assert.Equal(["m7"], journal.Read(1, 1, new JournalFilter([ServerEventKind.MessageReceived], since), out var next).Select(static e => e.Message));
        Assert.Equal(8, next);
    }

    [Fact]
    public void Text_is_decoded_only_for_the_events_that_are_read()
    {
        var encoding = new ObservedEncoding();
        var journal = new EventJournal(new ServerIdentity(7, "lab", 7007), 10_000, encoding, _clock);
        for (var i = 1; i <= 10_000; i++)
        {
            Note(journal, "message");
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(5, journal.ReadLast(5, default, out _).Count);
        Assert.Equal(5, encoding.Texts);
        Assert.Empty(journal.Read(1, int.MaxValue, new JournalFilter([ServerEventKind.Error]), out _));
        Assert.Equal(7, journal.Read(1, int.MaxValue, new JournalFilter(null, new DateTimeOffset(_clock.UtcTicks, TimeSpan.Zero).AddSeconds(-7)), out _).Count);
        Assert.Equal(12, encoding.Texts);
    }

    [Fact]
    public async Task Events_are_appended_while_others_are_read()
    {
        const int Held = 100_000;
        var encoding = new ObservedEncoding();
        var journal = new EventJournal(new ServerIdentity(7, "lab", 7007), Held, encoding, _clock);
        for (var i = 1; i <= Held; i++)
        {
            Note(journal, "message");
        }

        // During a read, another thread appends as much as fits, and is done before the read continues.
        var noted = Task.CompletedTask;
        encoding.OnText = text =>
        {
            if (text == 1000)
            {
                noted = Task.Run(() =>
                {
                    for (var i = 0; i < Held / 2; i++)
                    {
                        Note(journal, "later");
                    }
                });
                Assert.True(noted.Wait(Patience.Long));
            }
        };

        var events = await Task.Run(() => journal.Read(1, int.MaxValue, default, out _)).WaitAsync(Patience.Long);
        Assert.True(noted.IsCompletedSuccessfully);
        Assert.Equal(Held, events[^1].Sequence);
        Assert.All(events, static e => Assert.Equal("message", e.Message));

        // Only the events overwritten during the read are missing.
        Assert.InRange(events.Count, (Held / 2) + 1, (Held / 2) + 2000);
    }

    private sealed class ObservedEncoding : UTF8Encoding
    {
        public int Texts { get; private set; }

        public Action<int>? OnText { get; set; }

        public override string GetString(byte[] bytes, int index, int count)
        {
            Texts++;
            OnText?.Invoke(Texts);
            return base.GetString(bytes, index, count);
        }
    }

    [Fact]
    public void The_bytes_of_a_response_that_are_those_of_its_message_are_kept_once()
    {
        var journal = Journal(100_000);
        var message = new byte[MessageBytes];
        var count = JournalRing.MaxBytes / MessageBytes;
        for (var i = 0; i < count; i++)
        {
            Fill(message, i);
            var position = journal.Append(ServerEventKind.MessageReceived, Client, message, 0, MessageBytes);
            journal.Append(ServerEventKind.ResponseSent, Client, message, 0, MessageBytes, position);
        }

        // But for what the latest ones may reach back to.
        var events = All(journal);
        Assert.InRange(events.Count, (2 * count) - 10, 2 * count);
        foreach (var e in events)
        {
            Fill(message, (int)(e.Sequence - 1) / 2);
            Assert.Equal(Encoding.Latin1.GetString(message), e.Message);
        }
    }

    private static void AssertHolds(EventJournal journal, List<byte[]?> noted)
    {
        var events = All(journal);
        Assert.Equal(noted.Count, journal.Dropped + events.Count);
        Assert.InRange(events.Count, 1, 8000);
        Assert.InRange(events.Where(static e => e.Kind == "MessageReceived").Sum(static e => Math.Min(e.Bytes ?? 0, MessageBytes)), 0, JournalRing.MaxBytes);
        for (var i = 0; i < events.Count; i++)
        {
            var index = (int)journal.Dropped + i;
            Assert.Equal(index + 1, events[i].Sequence);
            if (noted[index] is { } message)
            {
                Assert.Equal(message.Length, events[i].Bytes);
                Assert.Equal(Encoding.Latin1.GetString(message, 0, Math.Min(message.Length, MessageBytes)), events[i].Message);
            }
            else
            {
                Assert.Equal($"error {index}", events[i].Message);
                Assert.Null(events[i].Bytes);
            }
        }
    }

    private static void Fill(byte[] message, int seed)
    {
        for (var i = 0; i < message.Length; i++)
        {
            message[i] = (byte)(seed + (i * 7));
        }
    }

    private static List<ServerEvent> All(EventJournal journal) => journal.Read(1, int.MaxValue, default, out _);

    private static void Note(EventJournal journal, string message) =>
        journal.Append(ServerEventKind.MessageReceived, Client, Encoding.Latin1.GetBytes(message), 0, message.Length);

    private EventJournal Journal(int capacity) => new(new ServerIdentity(7, "lab", 7007), capacity, Encoding.Latin1, _clock, MessageBytes);
}
