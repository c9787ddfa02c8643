using System.Net;
using System.Net.Sockets;
using PSSocketTools.Tests.Client;
using Xunit;

namespace PSSocketTools.Tests.Load;

public sealed class OpenLoopTests
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(60);

    [Fact]
    public void Every_message_that_was_due_during_a_stall_counts_from_its_moment()
    {
        // The first is answered after two seconds, and the 99 others that were due until then with it.
        using var server = StallsFor(TimeSpan.FromSeconds(2));
        var open = Measure(Load(server.Port) with { Rate = 200, Count = 100 });

        Assert.Equal(100, open.Messages);
        Assert.Equal(0, open.Unsent);
        Assert.Equal(200, open.Rate);
        Assert.True(open.P50Milliseconds >= 1000, $"{open.P50Milliseconds}");
        Assert.True(open.P50Milliseconds >= open.ServiceP50Milliseconds);
        Assert.NotNull(open.ServiceMaxMilliseconds);
        Assert.Contains("200", open.Draw(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_closed_loop_hides_a_stall()
    {
        using var server = StallsFor(TimeSpan.FromSeconds(2));
        var closed = Measure(Load(server.Port) with { Count = 100, Window = 1 });

        Assert.True(closed.P90Milliseconds < 1000, $"{closed.P90Milliseconds}");
        Assert.Null(closed.Rate);
        Assert.Null(closed.AchievedRate);
        Assert.Null(closed.ServiceP50Milliseconds);
    }

    [Fact]
    public void A_rate_that_is_not_held_is_told_with_what_was_never_sent()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.ReceiveLines(1);
            peer.StayUntilTheEnd();
        });
        var target = new SessionOptions { ComputerName = "127.0.0.1", Port = server.Port, ResponseTimeout = TimeSpan.FromSeconds(2) };

        // With a window of four nothing more goes out, and nothing comes back.
        var measured = Measure(new EchoLoadOptions { Target = target, Rate = 100, Duration = TimeSpan.FromSeconds(0.5), Window = 4 });

        Assert.Equal(0, measured.Messages);
        Assert.Equal(46, measured.Unsent);
        Assert.True(measured.IsSaturated);
        Assert.Equal(0, measured.AchievedRate);
        Assert.True(measured.Errors >= 4);
    }

    [Fact]
    public void A_server_that_leaves_does_not_hold_the_rate()
    {
        using var server = BareServer.Play(peer => peer.ReceiveLines(1));

        // The other messages are due during ten seconds, which the load does not stay for.
        var measured = Measure(Load(server.Port) with { Rate = 10, Count = 100 });

        Assert.Equal(0, measured.Messages);
        Assert.True(measured.IsSaturated);
        Assert.InRange(measured.Unsent, 50, 99);
        Assert.True(measured.DurationMilliseconds < 10_000, $"{measured.DurationMilliseconds}");
    }

    [Fact]
    public void A_server_that_falls_behind_is_not_waited_for_until_it_has_caught_up()
    {
        // At 20 ms each a thousand take it twenty seconds.
        using var server = EchoServer.Start(new EchoServerOptions { MinDelayMilliseconds = 20, MaxDelayMilliseconds = 20 });

        var measured = Measure(Load(server.Port) with { Rate = 500, Duration = TimeSpan.FromSeconds(2) });

        Assert.True(measured.DurationMilliseconds < 12_000, $"{measured.DurationMilliseconds}");
        Assert.True(measured.IsSaturated);
        Assert.True(measured.Unanswered > 0);
        Assert.Equal(1000, measured.Messages + measured.Unanswered + measured.Unsent);
        Assert.Equal(0, measured.Errors);
    }

    [Fact]
    public void What_a_cancellation_leaves_without_an_answer_is_told()
    {
        using var server = EchoServer.Start(new EchoServerOptions { IsDiscarding = true });
        using var cancellation = new CancellationTokenSource();
        using var load = EchoLoad.Start(Load(server.Port) with { Rate = 100, Duration = TimeSpan.FromHours(1) }, cancellation.Token);
        Assert.True(SpinWait.SpinUntil(() => server.MessagesReceived >= 10, LongEnough));
        cancellation.Cancel();
        Assert.True(load.Wait(LongEnough));

        var measured = load.ToMeasurement();
        Assert.True(measured.Unanswered >= 10, $"{measured.Unanswered}");
        Assert.Equal(0, measured.Messages);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(50.0)]
    public void Each_message_of_a_count_is_sent_though_connections_end(double? rate)
    {
        using var server = EchoServer.Start(new EchoServerOptions { DisconnectAfter = 10 });

        var measured = Measure(Load(server.Port) with { Count = 100, Window = 1, Rate = rate });

        Assert.Equal(100, measured.Messages + measured.Errors + measured.Unsent);
        Assert.True(measured.Messages > 10, $"{measured.Messages}");
    }

    [Fact]
    public void A_load_that_is_cancelled_had_no_more_due()
    {
        using var server = EchoServer.Start(new EchoServerOptions());
        using var cancellation = new CancellationTokenSource();
        using var load = EchoLoad.Start(Load(server.Port) with { Rate = 100, Duration = TimeSpan.FromHours(1) }, cancellation.Token);
        Assert.True(SpinWait.SpinUntil(() => load.Messages >= 50, LongEnough));
        cancellation.Cancel();
        Assert.True(load.Wait(LongEnough));

        var measured = load.ToMeasurement();
        Assert.True(measured.AchievedRate >= 10, $"{measured.AchievedRate}");
        Assert.InRange(measured.Unsent, 0, measured.DurationMilliseconds / 10);
    }

    [Fact]
    public void A_session_that_has_ended_is_not_measured()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect();
        session.Close();

        var error = Assert.Throws<SocketToolsException>(
            () => EchoLoad.Start(new EchoLoadOptions { Target = session.ToOptions(), Session = session, Rate = 10, Count = 1 }, CancellationToken.None));

        Assert.Equal(SocketToolsError.SessionClosed, error.Error);
    }

    [Fact]
    public void Connections_take_turns_so_that_the_rate_is_that_of_all()
    {
        using var server = EchoServer.Start(new EchoServerOptions());

        var measured = Measure(Load(server.Port) with { Connections = 4, Rate = 100, Count = 50 });

        Assert.Equal(50, measured.Messages);
        Assert.Equal(100, measured.Rate);
        Assert.False(measured.IsSaturated);
        Assert.True(measured.DurationMilliseconds >= 400, $"{measured.DurationMilliseconds}");
        Assert.NotNull(measured.ConnectP99Milliseconds);
    }

    [Fact]
    public void What_was_due_in_the_warm_up_counts_nowhere()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());

        var measured = Measure(Load(server.Port) with { Rate = 100, Count = 20, Warmup = TimeSpan.FromSeconds(0.3) });

        Assert.Equal(20, measured.Messages);
        Assert.Equal(0, measured.Unsent);
    }

    [Fact]
    public void Intervals_add_up_to_the_whole()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        var intervals = new List<EchoMeasurement>();
        using var load = EchoLoad.Start(
            Load(server.Port) with { Duration = TimeSpan.FromSeconds(0.5), Interval = TimeSpan.FromSeconds(0.1) }, CancellationToken.None);
        for (var ended = false; !ended;)
        {
            ended = load.Wait(TimeSpan.FromMilliseconds(20));
            if (load.TryInterval() is { } interval)
            {
                intervals.Add(interval);
            }
        }

        var whole = load.ToMeasurement();
        Assert.Equal(Enumerable.Range(1, intervals.Count), intervals.Select(interval => interval.Interval!.Value));
        Assert.NotEmpty(intervals);
        Assert.InRange(intervals.Sum(interval => interval.Messages), 1, whole.Messages);
        Assert.Null(whole.Interval);
    }

    [Fact]
    public void Merged_measurements_are_one_of_all_their_messages()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        var one = Measure(Load(server.Port) with { Count = 30 });
        var merged = EchoMeasurement.Merge([one, one]);

        Assert.Equal(60, merged.Messages);
        Assert.Equal(2, merged.Connections);
        Assert.Equal(2 * one.MessagesPerSecond, merged.MessagesPerSecond);
        Assert.Equal(one.P50Milliseconds, merged.P50Milliseconds);
        Assert.Equal(one.MaxMilliseconds, merged.MaxMilliseconds);
    }

    [Fact]
    public async Task Datagrams_lost_and_duplicated_and_overtaken_are_told_apart()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.ReceiveTimeout = 60_000;
        var serving = Task.Run(() =>
        {
            var kept = new List<byte[]>();
            var buffer = new byte[2048];
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            for (var number = 0; number < 10; number++)
            {
                var count = server.ReceiveFrom(buffer, ref from);
                kept.Add([.. buffer.Take(count)]);
            }

            // The first is lost, the second comes twice, and the last overtakes the others.
            foreach (var message in kept.Skip(9).Concat(kept.Skip(1).Take(8)).Concat(kept.Skip(1).Take(1)))
            {
                server.SendTo(message, from);
            }
        });
        var target = new SessionOptions
        {
            ComputerName = "127.0.0.1",
            Port = ((IPEndPoint)server.LocalEndPoint!).Port,
            Protocol = SocketProtocol.Udp,
            Framing = MessageFraming.None,
            ResponseTimeout = TimeSpan.FromSeconds(3),
        };

        var measured = Measure(new EchoLoadOptions { Target = target, Count = 10, Window = 10 });

        await serving;
        Assert.Equal(9, measured.Messages);
        Assert.Equal(1, measured.Lost);
        Assert.Equal(1, measured.Duplicated);
        Assert.Equal(8, measured.OutOfOrder);
        Assert.Equal(1, measured.Errors);
    }

    [Fact]
    public void A_refused_datagram_ends_the_load_with_its_error()
    {
        int port;
        using (var free = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)free.LocalEndPoint!).Port;
        }

        var target = new SessionOptions { ComputerName = "127.0.0.1", Port = port, Protocol = SocketProtocol.Udp, Framing = MessageFraming.None };
        var measured = Measure(new EchoLoadOptions { Target = target, Count = 10, Rate = 100 });

        Assert.Equal(0, measured.Messages);
        Assert.Contains("refused", measured.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("faulted", measured.Error, StringComparison.Ordinal);
    }

    private static BareServer StallsFor(TimeSpan time) => BareServer.Play(peer =>
    {
        var first = peer.ReceiveLines(1);
        Thread.Sleep(time);
        peer.Send(first);
        peer.EchoUntilEnd();
    });

    private static EchoMeasurement Measure(EchoLoadOptions options)
    {
        using var load = EchoLoad.Start(options, CancellationToken.None);
        Assert.True(load.Wait(LongEnough));
        return load.ToMeasurement();
    }

    private static EchoLoadOptions Load(int port) =>
        new() { Target = new SessionOptions { ComputerName = "127.0.0.1", Port = port }, Window = 1024 };
}
