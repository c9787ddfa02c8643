using System.Diagnostics;
using System.Text;
using System.Text.Json;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;
using Xunit;

namespace PSSocketTools.Tests.Server.Journal;

public sealed class JournalLogTests
{
    private static readonly ClientRecord Client = new(3, "fe80::1%2", 49152, 1);

#if NETSTANDARD_BUILD
    public static TheoryData<string> Transports => ["Async"];
#else
    public static TheoryData<string> Transports => OperatingSystem.IsLinux() ? ["Async", "Epoll"] : ["Async"];
#endif

    [Fact]
    public async Task Lines_are_json_with_every_control_character_escaped()
    {
        var file = new FaultyFile();
        var journal = Follow(file, out var log);
        var text = "\u0000\u001b[31m\u0085\u009b31m\u007f\"\\\r\n\u2028 olá € \ud83d\udc4b \ud800";
        Note(journal, '\uFEFF' + text);
        journal.Append(ServerEventKind.Disconnected, Client, ServerEventReason.Reset, duration: TimeSpan.FromMilliseconds(1500));
        journal.Append(ServerEventKind.Error, text: null);
        await log.FinishAsync(default).WaitAsync(Patience.Long);

        var lines = file.Text.Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Empty(lines[3]);
        Assert.DoesNotContain(file.Text, static c => c is (< ' ' and not '\n') or (>= '\u007f' and <= '\u009f'));
        var events = lines.Take(3).Select(static line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(text.Replace("\ud800", "\ufffd", StringComparison.Ordinal), events[0].GetProperty("Message").GetString());
        Assert.Equal(Encoding.UTF8.GetByteCount(text) + 3, events[0].GetProperty("Bytes").GetInt32());
        var shown = journal.Read(1, 10, default, out _);
        Assert.Equal(shown.Select(static e => (DateTimeOffset)e.Timestamp), events.Select(static e => e.GetProperty("Timestamp").GetDateTimeOffset()));
        Assert.Equal(shown.Select(static e => e.TimestampUtc), events.Select(static e => e.GetProperty("TimestampUtc").GetString()));
        Assert.Equal(typeof(ServerEvent).GetProperties().Select(static property => property.Name), events[0].EnumerateObject().Select(static property => property.Name));
        Assert.Equal(
            """{"Sequence":2,"ServerId":7,"ServerName":"lab","Port":7007,"ConnectionId":3,"Kind":"Disconnected","RemoteAddress":"fe80::1%2","RemotePort":49152,"Message":null,"Content":null,"IsTruncated":false,"Bytes":null,"Reason":"Reset","Fault":null,"DurationMilliseconds":1500}""",
            "{" + lines[1][lines[1].IndexOf("\"Sequence\"", StringComparison.Ordinal)..]);
        Assert.EndsWith(
            """null,"Kind":"Error","RemoteAddress":null,"RemotePort":null,"Message":null,"Content":null,"IsTruncated":false,"Bytes":null,"Reason":null,"Fault":null,"DurationMilliseconds":null}""",
            lines[2],
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utf-8", new byte[] { 0x61, 0xC3, 0xA9 }, null)]
    [InlineData("utf-8", new byte[] { 0x61, 0xFF, 0x00 }, "Yf8A")]
    [InlineData("utf-8", new byte[] { 0xEF, 0xBB, 0xBF, 0x61 }, "77u/YQ==")]
    [InlineData("us-ascii", new byte[] { 0x61, 0xC3 }, "YcM=")]
    [InlineData("iso-8859-1", new byte[] { 0x61, 0xC3, 0x80 }, null)]
    [InlineData("utf-16", new byte[] { 0x61, 0x00, 0x3D, 0xD8 }, "YQA92A==")]
    [InlineData("utf-8", new byte[0], null)]
    public async Task A_line_has_the_bytes_where_the_text_does_not_determine_them(string name, byte[] message, string? content)
    {
        var file = new FaultyFile();
        var encoding = PSSocketTools.Net.TextEncoding.ReplacingInvalid(Encoding.GetEncoding(name));
        var journal = new EventJournal(new ServerIdentity(7, "lab", 7007), 10, encoding, Clock.System, logPath: "a.jsonl");
        var log = new JournalLog(file, "a.jsonl");
        log.Follow(journal, new ServerIdentity(7, "lab", 7007), encoding);
        journal.Append(ServerEventKind.MessageReceived, Client, message, 0, message.Length);
        await log.FinishAsync(default).WaitAsync(Patience.Long);

        var line = JsonDocument.Parse(file.Text).RootElement;
        Assert.Equal(content, line.GetProperty("Content").GetString());
        var text = line.GetProperty("Message").GetString()!;
        Assert.Equal(message, content is null ? encoding.GetBytes(text) : Convert.FromBase64String(content));
    }

    [Fact]
    public async Task A_line_says_whether_its_message_was_truncated()
    {
        var file = new FaultyFile();
        var journal = new EventJournal(new ServerIdentity(7, "lab", 7007), 10, Encoding.UTF8, Clock.System, messageBytes: 4, logPath: "a.jsonl");
        var log = new JournalLog(file, "a.jsonl");
        log.Follow(journal, new ServerIdentity(7, "lab", 7007), Encoding.UTF8);
        Note(journal, "abc€");
        Note(journal, "abcd");
        await log.FinishAsync(default).WaitAsync(Patience.Long);

        var lines = file.Text.Split('\n')[..^1].Select(static line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(["abc", "abcd"], lines.Select(static line => line.GetProperty("Message").GetString()));
        Assert.Equal([true, false], lines.Select(static line => line.GetProperty("IsTruncated").GetBoolean()));
        Assert.Equal([6, 4], lines.Select(static line => line.GetProperty("Bytes").GetInt32()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public async Task A_log_that_fails_at_any_write_is_one_error_and_blocks_nobody(int failsAt)
    {
        var file = new FaultyFile { FailsAt = failsAt };
        var journal = Follow(file, out var log);
        var noting = Task.Run(() =>
        {
            for (var i = 0; i < 60_000; i++)
            {
                Note(journal, $"message {i}");
            }
        });
        await noting.WaitAsync(Patience.Long);
        await log.FinishAsync(default).WaitAsync(Patience.Long);

        Assert.Equal((1, true), (journal.Errors.Count, file.IsClosed));
        Assert.Contains("No space left", journal.Errors.Last, StringComparison.Ordinal);
        Assert.Equal(60_001, journal.CountOf([ServerEventKind.MessageReceived, ServerEventKind.Error], out _));

        // The file has whole lines, without a gap.
        var lines = file.Text.Split('\n');
        Assert.Empty(lines[^1]);
        Assert.Equal(
            Enumerable.Range(1, lines.Length - 1),
            lines[..^1].Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("Sequence").GetInt32()));
    }

    [Fact]
    public async Task A_log_that_stalls_is_abandoned_and_the_journal_continues()
    {
        var file = new FaultyFile { HangsAt = 1 };
        var journal = Follow(file, out var log);
        journal.Backlog.LimitStall(TimeSpan.FromMilliseconds(50));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                Note(journal, $"{writer}/{i}");
            }
        }))).WaitAsync(Patience.Long);

        // It was waited for already.
        await log.FinishAsync(default).WaitAsync(Patience.Long);
        Assert.Equal((1, false), (journal.Errors.Count, file.IsClosed));
        file.GoOn();
        Assert.True(SpinWait.SpinUntil(() => file.IsClosed, Patience.Long));
        Assert.Equal(1, journal.Errors.Count);
    }

    [Fact]
    public async Task Finishing_waits_for_a_stalled_log_for_a_limited_time()
    {
        var file = new FaultyFile { HangsAt = 1 };
        var journal = Follow(file, out var log);
        Note(journal, "never written");
        await log.FinishAsync(new CancellationToken(canceled: true)).WaitAsync(Patience.Long);
        Assert.Equal(1, journal.Errors.Count);
        Assert.Equal(nameof(ServerEventReason.LogFailed), journal.Read(1, 10, default, out _)[^1].Reason);
        file.GoOn();
    }

    [Fact]
    public async Task Everything_is_in_a_log_that_is_slower_than_the_server()
    {
        const int Writers = 4;
        const int Each = 10_000;
        var file = new FaultyFile { IsSlow = true };
        var journal = Follow(file, out var log);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                Note(journal, $"{writer}/{i} {new string('x', i % 300)}");
            }
        }))).WaitAsync(Patience.Long);
        await log.FinishAsync(default).WaitAsync(Patience.Long);

        Assert.Equal((0, null), journal.Errors);
        Assert.Equal(
            Enumerable.Range(1, Writers * Each),
            file.Text.Split('\n')[..^1].Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("Sequence").GetInt32()));
    }

    [Fact]
    public async Task A_log_falls_behind_by_a_limited_number_of_events_whatever_the_capacity()
    {
        const int MostBehind = 10_000;
        EventJournal? journal = null;
        var furthestBehind = 0L;
        var written = 0L;
        var file = new FaultyFile
        {
            IsSlow = true,
            OnWrite = lines =>
            {
                _ = journal!.CountOf([], out var next);
                furthestBehind = Math.Max(furthestBehind, next - 1 - written);
                written += lines;
            },
        };
        journal = Follow(file, out var log, capacity: 1_000_000);
        await Task.Run(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                Note(journal, "x");
            }
        }).WaitAsync(Patience.Long);
        await log.FinishAsync(default).WaitAsync(Patience.Long);

        Assert.Equal((100_000, 0), (written, journal.Errors.Count));
        Assert.InRange(furthestBehind, 1, MostBehind);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [Trait("System", "Linux")]
    public async Task A_full_disk_takes_no_server_down(string transport)
    {
        using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Transport = transport, LogPath = "/dev/full" });
        var errors = await server.WaitForEventsAsync([ServerEventKind.Error], 1, Patience.Long);
        Assert.Equal("LogFailed", errors[0].Reason);
        await ExchangeAsync(server, 15_000);
        Assert.Equal((1, errors[0].Message), (server.Errors, server.Error));
        await server.StopAsync(TimeSpan.FromSeconds(5)).WaitAsync(Patience.Long);
        Assert.Equal("Stopped", server.State);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [Trait("System", "Linux")]
    public async Task A_pipe_that_nobody_reads_takes_no_server_down(string transport)
    {
        var pipe = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        MakePipe(pipe);
        try
        {
            // Open both ways, so that it has a reader, which never reads.
            using var reader = new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Transport = transport, LogPath = pipe });
            await ExchangeAsync(server, 15_000);
            Assert.Equal(1, server.Errors);
            await server.StopAsync(TimeSpan.FromSeconds(1)).WaitAsync(Patience.Long);
            Assert.Equal(("Stopped", 1), (server.State, server.Errors));
        }
        finally
        {
            File.Delete(pipe);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [Trait("System", "Linux")]
    public async Task A_stop_is_not_delayed_by_connections_that_wait_for_the_log(string transport)
    {
        var pipe = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        MakePipe(pipe);
        try
        {
            using var reader = new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Transport = transport, LogPath = pipe });
            var exchanging = ExchangeAsync(server, int.MaxValue);
            Assert.True(SpinWait.SpinUntil(() => server.MessagesReceived > 4000, Patience.Long));
            await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
            Assert.Equal(("Stopped", 1), (server.State, server.Errors));
            await Assert.ThrowsAnyAsync<Exception>(() => exchanging.WaitAsync(Patience.Long));
        }
        finally
        {
            File.Delete(pipe);
        }
    }

    [Fact]
    public async Task Servers_share_a_log_without_losing_a_line()
    {
        const int Servers = 3;
        const int Messages = 400;
        await WithFileAsync(async path =>
        {
            var servers = Enumerable.Range(1, Servers).Select(id => EchoServer.Start(new EchoServerOptions { Id = id, Address = "127.0.0.1", LogPath = path })).ToArray();
            await Task.WhenAll(servers.Select(server => Task.Run(() => ExchangeAsync(server, Messages))));
            await Task.WhenAll(servers.Select(static server => server.StopAsync(Patience.Long))).WaitAsync(Patience.Long);

            var lines = File.ReadAllLines(path).Select(static line => JsonDocument.Parse(line).RootElement).ToLookup(static line => line.GetProperty("ServerName").GetString());
            Assert.Equal(Servers, lines.Count);
            foreach (var server in servers)
            {
                var own = lines[server.Name].ToArray();
                Assert.Equal(Enumerable.Range(1, (Messages * 2) + 4), own.Select(static line => line.GetProperty("Sequence").GetInt32()));
                Assert.All(own, line => Assert.Equal((server.Id, server.Port), (line.GetProperty("ServerId").GetInt32(), line.GetProperty("Port").GetInt32())));
            }
        });
    }

    [Fact]
    public async Task A_log_that_is_truncated_meanwhile_continues_at_its_new_end()
    {
        await WithFileAsync(async path =>
        {
            using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", LogPath = path });
            await ExchangeAsync(server, 100);
            var isWritten = () => File.ReadAllText(path).Contains("\"Kind\":\"Disconnected\"", StringComparison.Ordinal);
            Assert.True(SpinWait.SpinUntil(isWritten, Patience.Long));
            using (var rotated = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
            {
                rotated.SetLength(0);
            }

            await ExchangeAsync(server, 1);
            await server.StopAsync(Patience.Long).WaitAsync(Patience.Long);
            var kinds = File.ReadAllLines(path).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("Kind").GetString());
            Assert.Equal(["Connected", "MessageReceived", "ResponseSent", "Disconnected", "Stopped"], kinds);
        });
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("{}\n", 3)]
    [InlineData("{\"Timestamp\":", 3)]
    [InlineData("\n", 3)]
    public async Task An_incomplete_line_is_terminated_before_the_next(string before, int lines)
    {
        await WithFileAsync(async path =>
        {
            File.WriteAllText(path, before);
            using (var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", LogPath = path }))
            {
                await server.StopAsync(Patience.Long).WaitAsync(Patience.Long);
            }

            var all = File.ReadAllLines(path);
            Assert.Equal(lines, all.Length);
            Assert.Equal(before.TrimEnd('\n'), lines == 2 ? string.Empty : all[0]);
            Assert.Equal(["Started", "Stopped"], all[^2..].Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("Kind").GetString()));
        });
    }

    [Theory]
    [InlineData(3, "xxx\nours\n")]
    [InlineData(int.MaxValue, null)]
    public async Task A_line_that_another_process_is_writing_is_waited_for_for_a_limited_time(int length, string? expected)
    {
        await WithFileAsync(path =>
        {
            File.WriteAllText(path, "x");
            var written = 1;
            var passed = 0;
            using (var file = AppendFile.Open(path, milliseconds =>
            {
                passed += milliseconds;
                Assert.InRange(passed, 1, 10_000);
                using var other = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                other.WriteByte((byte)(written++ == length ? '\n' : 'x'));
            }))
            {
                file.Write(Encoding.ASCII.GetBytes("ours\n"), 0, 5);
            }

            // Where the other process does not end its line, ours begins a new one all the same.
            Assert.Equal(expected ?? new string('x', written) + "\nours\n", File.ReadAllText(path));
            return Task.CompletedTask;
        });
    }

    [Fact]
    [Trait("System", "Linux")]
    public void A_pipe_without_a_reader_is_refused_at_once()
    {
        var pipe = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        MakePipe(pipe);
        var failure = Assert.Throws<SocketToolsException>(() => EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", LogPath = pipe }));
        File.Delete(pipe);
        Assert.Equal((SocketToolsError.FileFailed, pipe), (failure.Error, failure.Target));
        Assert.Contains("nobody reads it", failure.Message, StringComparison.Ordinal);
    }

#if !NETSTANDARD_BUILD
    [Fact]
    [Trait("System", "Linux")]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task A_new_log_is_accessible_to_its_owner_alone_and_an_existing_one_keeps_its_mode()
    {
        await WithFileAsync(path =>
        {
            EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", LogPath = path }).Dispose();
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            const UnixFileMode Shared = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
            File.SetUnixFileMode(path, Shared);
            EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", LogPath = path }).Dispose();
            Assert.Equal(Shared, File.GetUnixFileMode(path));
            return Task.CompletedTask;
        });
    }
#endif

    private static async Task WithFileAsync(Func<string, Task> test)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await test(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static EventJournal Follow(Stream file, out JournalLog log, int capacity = 10)
    {
        var journal = new EventJournal(new ServerIdentity(7, "lab", 7007), capacity, Encoding.UTF8, Clock.System, logPath: "a.jsonl");
        log = new JournalLog(file, "a.jsonl");
        log.Follow(journal, new ServerIdentity(7, "lab", 7007), Encoding.UTF8);
        return journal;
    }

    private static void Note(EventJournal journal, string message)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        journal.Append(ServerEventKind.MessageReceived, Client, bytes, 0, bytes.Length);
    }

    private static async Task ExchangeAsync(EchoServer server, int count)
    {
        using var client = await Transport.BareClient.ConnectAsync(server);
        for (var i = 0; i < count; i++)
        {
            await client.ExchangeAsync("x");
        }
    }

    private static void MakePipe(string path)
    {
        using var making = Process.Start("mkfifo", path)!;
        making.WaitForExit();
        Assert.Equal(0, making.ExitCode);
    }

    /// <summary>A file in memory that fails, hangs or is slow.</summary>
    private sealed class FaultyFile : MemoryStream
    {
        private readonly ManualResetEventSlim _mayGoOn = new();
        private int _writes;

        public int FailsAt { get; init; }

        public int HangsAt { get; init; }

        public bool IsSlow { get; init; }

        public Action<int>? OnWrite { get; init; }

        public bool IsClosed { get; private set; }

        public string Text => Encoding.UTF8.GetString(ToArray());

        public void GoOn() => _mayGoOn.Set();

        public override void Write(byte[] buffer, int offset, int count)
        {
            _writes++;
            OnWrite?.Invoke(buffer.AsSpan(offset, count).Count((byte)'\n'));
            if (_writes == FailsAt)
            {
                throw new IOException("No space left on device");
            }

            if (_writes == HangsAt)
            {
                _mayGoOn.Wait();
            }

            if (IsSlow)
            {
                Thread.Yield();
                Thread.SpinWait(200_000);
            }

            base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            IsClosed = true;
            base.Dispose(disposing);
        }
    }
}
