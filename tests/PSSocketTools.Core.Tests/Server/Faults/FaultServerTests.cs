using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server.Faults;

/// <summary>Faults over real sockets, as a bare client sees them: one list of tests, which each transport has to pass, and TLS.</summary>
/// <param name="transport">The name of the transport.</param>
/// <param name="certificate">The certificate; null for no TLS.</param>
public abstract class FaultServerTests(string transport, X509Certificate2? certificate = null) : IDisposable
{
    private readonly string _address = OwnAddress.Pick();

    public static TheoryData<MessageFraming> Framings => [MessageFraming.Auto, MessageFraming.Line];

    public void Dispose()
    {
        certificate?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task The_first_two_requests_are_reset_and_the_third_is_answered(MessageFraming framing)
    {
        using var server = Start(framing);
        var fault = server.AddFault(new() { Kind = FaultKind.Reset, Count = 2 });
        for (var request = 1; request <= 4; request++)
        {
            using var client = await Wire.ConnectAsync(server);
            if (request > 2)
            {
                Assert.Equal("hello\n", await client.ExchangeAsync("hello\n"));
                continue;
            }

            Assert.Equal("RST", await client.SendToEndAsync("hello\n"));
            Assert.Equal(request, fault.Struck);
            var events = await server.UntilAsync(ServerEventKind.Disconnected, request);
            Assert.Equal("Connected MessageReceived FaultStruck Disconnected/FaultStruck", events.Story(request));
            Assert.Equal([fault.ToString(), fault.ToString()], events.Where(e => e.ConnectionId == request && e.Fault is not null).Select(static e => e.Fault));
        }

        Assert.Equal((2, "Reset", "At Message, Count 2"), (fault.Struck, fault.Kind, fault.When));
        Assert.Equal([fault], server.GetFaults());
    }

    [Theory]
    [InlineData(FaultKind.Disconnect, FaultPoint.Connect, "FIN")]
    [InlineData(FaultKind.Disconnect, FaultPoint.Message, "FIN")]
    [InlineData(FaultKind.Disconnect, FaultPoint.Response, "hello\nFIN")]
    [InlineData(FaultKind.Reset, FaultPoint.Connect, "RST")]
    [InlineData(FaultKind.Reset, FaultPoint.Message, "RST")]
    public async Task A_connection_is_ended_at_each_point(FaultKind kind, FaultPoint at, string expected)
    {
        foreach (var framing in new[] { MessageFraming.Auto, MessageFraming.Line })
        {
            using var server = Start(framing, greeting: at == FaultPoint.Connect ? "never" : null);
            var fault = server.AddFault(new() { Kind = kind, At = at });
            Assert.Equal(expected, await Wire.ToEndAsync(server, at == FaultPoint.Connect ? null : "hello\n"));
            Assert.Equal(1, fault.Struck);
            var events = await server.UntilAsync(ServerEventKind.Disconnected);
            Assert.Equal(("FaultStruck", fault.ToString()), (events[^1].Reason, events[^1].Fault));
        }
    }

    [Fact]
    public async Task A_reset_at_the_response_comes_after_it()
    {
        using var server = Start(MessageFraming.Line);
        server.AddFault(new() { Kind = FaultKind.Reset, At = FaultPoint.Response, After = 1 });
        using var client = await Wire.ConnectAsync(server);
        Assert.Equal("one\n", await client.ExchangeAsync("one\n"));

        // A reset may overtake what was sent before it, as on any network.
        Assert.Contains(await client.SendToEndAsync("two\n"), (string[])["two\nRST", "RST"]);
        Assert.Equal("Connected MessageReceived ResponseSent MessageReceived FaultStruck ResponseSent Disconnected/FaultStruck",
            (await server.UntilAsync(ServerEventKind.Disconnected)).Story(1));
    }

    [Theory]
    [InlineData(MessageFraming.Auto, 0, "FIN")]
    [InlineData(MessageFraming.Auto, 2, "heFIN")]
    [InlineData(MessageFraming.Line, 0, "FIN")]
    [InlineData(MessageFraming.Line, 5, "helloFIN")]
    public async Task A_response_is_cut_to_the_byte_and_the_connection_closed(MessageFraming framing, int bytes, string expected)
    {
        using var server = Start(framing);
        var fault = server.AddFault(new() { Kind = FaultKind.Truncate, TruncateAfterBytes = bytes });
        using var client = await Wire.ConnectAsync(server);
        Assert.Equal(expected, await client.SendToEndAsync("hello\n"));
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Connected MessageReceived FaultStruck Disconnected/FaultStruck", events.Story(1));
        Assert.Equal($"TruncateAfterBytes {bytes}", fault.Settings);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task A_response_that_is_not_longer_is_not_cut(MessageFraming framing)
    {
        using var server = Start(framing);
        var fault = server.AddFault(new() { Kind = FaultKind.Truncate, TruncateAfterBytes = 6 });
        using var client = await Wire.ConnectAsync(server);
        Assert.Equal("hello\n", await client.ExchangeAsync("hello\n"));
        Assert.Equal(0, fault.Struck);
        Assert.Equal("hello,FIN", await client.SendToEndAsync("hello, you\n"));
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task One_byte_of_a_response_is_inverted_the_same_with_the_same_seed(MessageFraming framing)
    {
        var message = new string('x', 100) + "\n";
        var answers = new List<string>();
        for (var run = 0; run < 2; run++)
        {
            using var server = Start(framing);
            server.AddFault(new() { Kind = FaultKind.Corrupt, Seed = 7 });
            using var client = await Wire.ConnectAsync(server);
            for (var i = 0; i < 3; i++)
            {
                var answer = await client.ExchangeAsync(message);
                var changed = Assert.Single(Enumerable.Range(0, message.Length), at => answer[at] != message[at]);
                Assert.Equal(message[changed] ^ 0xFF, answer[changed]);
                answers.Add(answer);
            }
        }

        Assert.Equal(answers[..3], answers[3..]);
        Assert.Equal(3, answers.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task A_response_in_fragments_arrives_whole_and_is_one_event(MessageFraming framing)
    {
        using var server = Start(framing);
        var fault = server.AddFault(new() { Kind = FaultKind.Fragment, FragmentBytes = 2, MinFragmentDelayMilliseconds = 1, MaxFragmentDelayMilliseconds = 3 });
        using var client = await Wire.ConnectAsync(server);
        Assert.Equal("hello, you\n", await client.ExchangeAsync("hello, you\n"));
        Assert.Equal("Connected MessageReceived FaultStruck ResponseSent", (await server.UntilAsync(ServerEventKind.ResponseSent)).Story(1));
        Assert.Equal("FragmentBytes 2, FragmentDelay 1-3", fault.Settings);
    }

    [Theory]
    [InlineData(FaultPoint.Connect)]
    [InlineData(FaultPoint.Message)]
    [InlineData(FaultPoint.Response)]
    public async Task A_delay_that_is_removed_lets_go_at_once(FaultPoint at)
    {
        foreach (var framing in new[] { MessageFraming.Auto, MessageFraming.Line })
        {
            using var server = Start(framing, greeting: "hi");
            var fault = server.AddFault(new() { Kind = FaultKind.Delay, MinDelayMilliseconds = 600_000, MaxDelayMilliseconds = 600_000, At = at });
            using var client = await Wire.ConnectAsync(server);
            if (at == FaultPoint.Connect)
            {
                await server.UntilAsync(ServerEventKind.FaultStruck);
                Assert.True(server.RemoveFault(fault));
            }

            Assert.Equal("hi\n", await client.ReceiveAsync(3));
            var answer = client.ExchangeAsync("hello\n");
            if (at != FaultPoint.Connect)
            {
                await server.UntilAsync(ServerEventKind.FaultStruck);
                Assert.False(answer.IsCompleted);
                Assert.True(server.RemoveFault(fault));
            }

            Assert.Equal("hello\n", await answer);
            Assert.False(server.RemoveFault(fault));
            Assert.Equal(1, fault.Struck);
        }
    }

    [Fact]
    public async Task A_delay_lasts_at_least_as_long_as_given()
    {
        using var server = Start(MessageFraming.Auto);
        server.AddFault(new() { Kind = FaultKind.Delay, MinDelayMilliseconds = 150, MaxDelayMilliseconds = 200 });
        using var client = await Wire.ConnectAsync(server);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal("one\n", await client.ExchangeAsync("one\n"));
        Assert.InRange(watch.ElapsedMilliseconds, 149, (long)Patience.Long.TotalMilliseconds);
    }

    [Theory]
    [InlineData(FaultPoint.Connect, "")]
    [InlineData(FaultPoint.Message, "hi\n")]
    [InlineData(FaultPoint.Response, "hi\nhello\n")]
    public async Task A_stall_that_is_removed_lets_go_at_once(FaultPoint at, string before)
    {
        foreach (var framing in new[] { MessageFraming.Auto, MessageFraming.Line })
        {
            using var server = Start(framing, greeting: "hi");
            var fault = server.AddFault(new() { Kind = FaultKind.Stall, At = at });
            using var client = await Wire.ConnectAsync(server);
            await client.SendAsync("hello\n");
            Assert.Equal(before, await client.ReceiveAsync(before.Length));
            await server.UntilAsync(ServerEventKind.FaultStruck);
            if (at == FaultPoint.Response)
            {
                // What was sent while it stalls is handled after it.
                await client.SendAsync("again\n");
            }

            var connection = Assert.Single(server.GetConnections());
            connection.Send("unsolicited");
            var after = at == FaultPoint.Response ? "hi\nhello\nagain\n" : "hi\nhello\n";
            var rest = client.ReceiveAsync(after.Length - before.Length + "unsolicited\n".Length);
            Assert.False(await Task.WhenAny(rest, Task.Delay(50)) == rest);
            server.RemoveFault(fault);

            // Between which of the answers it comes is up to the server.
            Assert.Equal(after, before + (await rest).Replace("unsolicited\n", string.Empty, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(FaultKind.Stall, FaultPoint.Connect)]
    [InlineData(FaultKind.Stall, FaultPoint.Message)]
    [InlineData(FaultKind.Stall, FaultPoint.Response)]
    [InlineData(FaultKind.Delay, FaultPoint.Connect)]
    public async Task A_stall_holds_up_no_stop(FaultKind kind, FaultPoint at)
    {
        foreach (var framing in new[] { MessageFraming.Auto, MessageFraming.Line })
        {
            using var server = Start(framing);
            server.AddFault(new() { Kind = kind, At = at, MinDelayMilliseconds = 600_000, MaxDelayMilliseconds = 600_000 });
            using var client = await Wire.ConnectAsync(server);
            await client.SendAsync("hello\n");
            await server.UntilAsync(ServerEventKind.FaultStruck);
            if (at == FaultPoint.Response)
            {
                await server.UntilAsync(ServerEventKind.ResponseSent);
            }

            await server.StopAsync(TimeSpan.FromHours(1)).WaitAsync(Patience.Long);
            Assert.EndsWith("Disconnected/ServerStopped", server.GetEvents().Story(1), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_stalled_connection_is_closed_at_the_servers_wish()
    {
        using var server = Start(MessageFraming.Auto);
        server.AddFault(new() { Kind = FaultKind.Stall });
        using var client = await Wire.ConnectAsync(server);
        await client.SendAsync("hello\n");
        await server.UntilAsync(ServerEventKind.FaultStruck);
        await Assert.Single(server.GetConnections()).CloseAsync(TimeSpan.FromHours(1)).WaitAsync(Patience.Long);
        Assert.Equal("ServerClosed", (await server.UntilAsync(ServerEventKind.Disconnected))[^1].Reason);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task A_fault_strikes_connections_that_are_open_and_ends_with_its_count(MessageFraming framing)
    {
        using var server = Start(framing);
        using var client = await Wire.ConnectAsync(server);
        Assert.Equal("one\n", await client.ExchangeAsync("one\n"));
        var fault = server.AddFault(new() { Kind = FaultKind.Corrupt, After = 1, Count = 2 });
        var struck = new List<bool>();
        for (var i = 0; i < 5; i++)
        {
            struck.Add(await client.ExchangeAsync("xxxx\n") != "xxxx\n");
        }

        Assert.Equal([false, true, true, false, false], struck);
        Assert.Equal(2, fault.Struck);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Thirty_percent_with_seed_seven_strikes_the_same_messages_in_every_run(MessageFraming framing)
    {
        using var server = Start(framing);
        var fault = server.AddFault(new() { Kind = FaultKind.Corrupt, Percent = 30, Seed = 7 });
        var struck = new List<int>();
        using var client = await Wire.ConnectAsync(server);
        for (var message = 1; message <= 40; message++)
        {
            if (await client.ExchangeAsync("xxxx\n") != "xxxx\n")
            {
                struck.Add(message);
            }
        }

        Assert.Equal(FaultDrawTests.StruckOfForty, struck);
        Assert.Equal((struck.Count, "At Response, Percent 30, Seed 7"), (fault.Struck, fault.When));
    }

    [Fact]
    public async Task Each_connection_is_counted_by_itself_where_that_is_asked_for()
    {
        using var server = Start(MessageFraming.Auto);
        var fault = server.AddFault(new() { Kind = FaultKind.Disconnect, At = FaultPoint.Response, After = 1, IsPerConnection = true });
        using var first = await Wire.ConnectAsync(server);
        using var second = await Wire.ConnectAsync(server);
        Assert.Equal("one\n", await first.ExchangeAsync("one\n"));
        Assert.Equal("one\n", await second.ExchangeAsync("one\n"));
        Assert.Equal("two\nFIN", await second.SendToEndAsync("two\n"));
        Assert.Equal("two\nFIN", await first.SendToEndAsync("two\n"));
        Assert.Equal(2, fault.Struck);
    }

    [Fact]
    public async Task Only_clients_from_the_block_are_struck()
    {
        using var server = Start(MessageFraming.Auto);
        server.AddFault(new() { Kind = FaultKind.Reset, From = ["192.0.2.0/24", "2001:db8::/32"] });
        using var client = await Wire.ConnectAsync(server);
        Assert.Equal("one\n", await client.ExchangeAsync("one\n"));
        var fault = server.AddFault(new() { Kind = FaultKind.Reset, From = ["127.0.0.0/8"] });
        Assert.Equal("RST", await client.SendToEndAsync("two\n"));
        Assert.Equal("At Message, From 127.0.0.0/8", fault.When);
    }

    [Fact]
    public async Task A_fault_of_zero_changes_nothing()
    {
        using var server = Start(MessageFraming.Auto);
        EchoServerFault[] faults =
        [
            server.AddFault(new() { Kind = FaultKind.Delay }),
            server.AddFault(new() { Kind = FaultKind.Fragment }),
            server.AddFault(new() { Kind = FaultKind.Reset, Percent = 0 }),
        ];
        using var client = await Wire.ConnectAsync(server);
        Assert.Equal("one\n", await client.ExchangeAsync("one\n"));
        Assert.Equal("Connected MessageReceived ResponseSent", (await server.UntilAsync(ServerEventKind.ResponseSent)).Story(1));
        Assert.All(faults, static fault => Assert.Equal(0, fault.Struck));
    }

    [Fact]
    public async Task Faults_come_and_go_from_many_threads_while_clients_are_served()
    {
        const int Clients = 8, Messages = 100, Adders = 4;
        using var server = Start(MessageFraming.Line);
        var counted = server.AddFault(new() { Kind = FaultKind.Corrupt, Count = 100 });
        var adding = Enumerable.Range(0, Adders).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                var delay = server.AddFault(new() { Kind = FaultKind.Delay, MinDelayMilliseconds = 600_000, MaxDelayMilliseconds = 600_000 });
                var stall = server.AddFault(new() { Kind = FaultKind.Stall, At = (FaultPoint)(1 + (i % 2)) });
                Assert.True(server.RemoveFault(stall));
                Assert.True(server.RemoveFault(delay));
                Assert.Contains(counted, server.GetFaults());
            }
        })).ToArray();
        var wrong = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var client = await Wire.ConnectAsync(server);
            var count = 0;
            for (var i = 0; i < Messages; i++)
            {
                count += await client.ExchangeAsync("xxxx\n") == "xxxx\n" ? 0 : 1;
            }

            return count;
        }));
        await Task.WhenAll(adding).WaitAsync(Patience.Long);
        Assert.Equal((100, 100), (wrong.Sum(), counted.Struck));
        Assert.Equal([counted], server.GetFaults());
    }

    private EchoServer Start(MessageFraming framing, string? greeting = null) => EchoServer.Start(new EchoServerOptions
    {
        Address = _address, Transport = transport, Framing = framing, Greeting = greeting, Certificate = certificate,
    });
}

public sealed class AsyncFaultServerTests() : FaultServerTests("Async");

public sealed class AsyncTlsFaultServerTests() : FaultServerTests("Async", TlsClient.MakeCertificate("localhost"));

#if !NETSTANDARD_BUILD
[Trait("System", "Linux")]
public sealed class EpollFaultServerTests() : FaultServerTests("Epoll");

[Trait("System", "Linux")]
public sealed class EpollTlsFaultServerTests() : FaultServerTests("Epoll", TlsClient.MakeCertificate("localhost"));
#endif
