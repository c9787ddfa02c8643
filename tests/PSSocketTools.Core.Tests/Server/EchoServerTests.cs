using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>A server over real sockets: one list of tests, which each transport has to pass in a class of its own.</summary>
/// <param name="transport">The name of the transport, as EchoServer.Transport shows it.</param>
public abstract class EchoServerTests(string transport)
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(20);

    private readonly string _address = OwnAddress.Pick();

    [Fact]
    public async Task Bytes_are_echoed_and_a_half_close_is_answered_by_the_rest_and_a_FIN()
    {
        using var server = Start();
        using var client = await BareClient.ConnectAsync(server);
        var sent = new byte[64 * 1024 * 1024];
        new Random(862).NextBytes(sent);

        var sending = Task.Run(async () =>
        {
            await client.SendAsync(sent);
            client.EndOutput();
        });
        var received = await client.ReceiveAsync(sent.Length);
        await sending;
        Assert.Empty(await client.ReceiveToEndAsync());
        AssertSame(sent, received);

        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("ClientClosed", events[^1].Reason);
        Assert.Equal((sent.Length, sent.Length), (server.BytesReceived, server.BytesSent));
    }

    [Fact]
    public async Task A_half_close_that_completes_a_message_is_told_before_its_response()
    {
        using var server = Start(Own with { Framing = MessageFraming.Line });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("no line end");
        client.EndOutput();

        await client.AssertEndsWithAsync("no line end");
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Connected MessageReceived HalfClosed ResponseSent Disconnected/ClientClosed", events.Story(1));
    }

    [Fact]
    public async Task A_half_close_is_told_once_while_a_response_is_held_back()
    {
        using var server = Start(Own with
        {
            Framing = MessageFraming.Line, MinDelayMilliseconds = 600_000, MaxDelayMilliseconds = 600_000,
        });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("one\ntwo\n");
        await server.UntilAsync(ServerEventKind.MessageReceived);
        client.EndOutput();
        await server.UntilAsync(ServerEventKind.HalfClosed);
        Assert.Equal(1, server.ActiveConnections);

        client.Reset();
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Connected MessageReceived FaultStruck HalfClosed Disconnected/Reset", events.Story(1));
    }

    [Fact]
    public async Task A_client_that_ends_when_it_has_all_its_responses_has_just_disconnected()
    {
        using var server = Start();
        using var client = await BareClient.ConnectAsync(server);
        await client.ExchangeAsync("one");
        client.EndOutput();
        await client.AssertEndsWithAsync(string.Empty);

        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Connected MessageReceived ResponseSent Disconnected/ClientClosed", events.Story(1));
    }

    [Fact]
    public async Task Single_bytes_are_echoed_one_by_one()
    {
        using var server = Start();
        using var client = await BareClient.ConnectAsync(server);
        for (var i = 0; i < 500; i++)
        {
            await client.SendAsync([(byte)i]);
            Assert.Equal([(byte)i], await client.ReceiveAsync(1));
        }

        await server.UntilAsync(ServerEventKind.ResponseSent, 500);
        Assert.Equal((500, 500, 500), (server.MessagesReceived, server.BytesReceived, server.BytesSent));
    }

    [Fact]
    public async Task Small_segments_are_sent_at_once()
    {
        // Nagle's algorithm would delay the second byte until the first is acknowledged, up to 40 ms a message.
        using var server = Start(Own with { FragmentBytes = 1 });
        using var client = await BareClient.ConnectAsync(server);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 1000; i++)
        {
            await client.ExchangeAsync("xy");
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"1,000 messages took {watch.Elapsed}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_never_reads_blocks_nobody_and_takes_no_more_memory_than_its_buffers(bool lines)
    {
        using var server = Start(Own with { Framing = lines ? MessageFraming.Line : MessageFraming.Auto });
        using var greedy = await BareClient.ConnectAsync(server);
        var sent = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 1023) + "\n", 64 * 1024)));
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < sent.Length;)
            {
                at += await greedy.Socket.SendAsync(sent.AsMemory(at));
            }
        });
        using var other = await BareClient.ConnectAsync(server);
        for (var i = 0; i < 500; i++)
        {
            await other.ExchangeAsync($"message {i}\n");

            // Read in this order, what was received is never less than what was sent by then.
            var received = server.BytesReceived;
            Assert.InRange(received - server.BytesSent, long.MinValue, 512 * 1024);
        }

        Assert.False(sending.IsCompleted);
        AssertSame(sent, await greedy.ReceiveAsync(sent.Length));
        await sending.WaitAsync(Patience.Long);
    }

    [Fact]
    public async Task A_thousand_resets_are_counted_exactly_and_leak_nothing()
    {
        using var server = Start();
        for (var i = 0; i < 1000; i++)
        {
            using var client = await BareClient.ConnectAsync(server);
            if (i % 3 == 0)
            {
                await client.SendAsync("x");
            }

            if (!OperatingSystem.IsLinux())
            {
                // Other systems may drop a client that has disconnected before it was accepted.
                Assert.True(SpinWait.SpinUntil(() => server.TotalConnections > i, Patience.Long));
            }

            client.Reset();
        }

        var events = await server.UntilAsync(ServerEventKind.Disconnected, 1000);
        Assert.Equal((1000, 0, 0), (server.TotalConnections, server.ActiveConnections, server.RejectedConnections));
        Assert.DoesNotContain(events, static e => e.Kind == "Error");
        Assert.All(events.Where(static e => e.Kind == "Disconnected"), static e => Assert.Equal("Reset", e.Reason));
        Assert.Equal(1000, events.Where(static e => e.Kind == "Connected").Select(static e => e.ConnectionId).Distinct().Count());
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1000, false)]
    [InlineData(200_000, false)]
    [InlineData(0, true)]
    [InlineData(200_000, true)]
    public async Task A_client_that_resets_while_its_response_is_delayed_is_disconnected_at_once(int ahead, bool endsFirst)
    {
        using var server = Start(Own with { Framing = MessageFraming.Line, MinDelayMilliseconds = 600_000, MaxDelayMilliseconds = 600_000 });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("one\n");
        await server.UntilAsync(ServerEventKind.MessageReceived);
        await client.SendAsync(new string('x', ahead));
        if (endsFirst)
        {
            client.EndOutput();
        }

        client.Reset();

        // The end may be seen before the reset.
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Matches($"^Connected MessageReceived FaultStruck {(endsFirst ? "(HalfClosed )?" : string.Empty)}Disconnected/Reset$", events.Story(1));
    }

    [Fact]
    public async Task Bytes_received_equal_bytes_sent_after_any_mix_of_clients()
    {
        const int Clients = 24;
        using var server = Start(Own with { EventCapacity = 1_000_000 });
        var sizes = await Task.WhenAll(Enumerable.Range(1, Clients).Select(async id =>
        {
            var random = new Random(id);
            var total = 0;
            using var client = await BareClient.ConnectAsync(server);
            for (var i = 0; i < 30; i++)
            {
                var message = new byte[random.Next(1, 1 << random.Next(1, 17))];
                random.NextBytes(message);
                await client.SendAsync(message);
                Assert.Equal(message, await client.ReceiveAsync(message.Length));
                total += message.Length;
            }

            if (id % 3 == 0)
            {
                client.EndOutput();
                Assert.Empty(await client.ReceiveToEndAsync());
            }

            return total;
        }));

        var events = await server.UntilAsync(ServerEventKind.Disconnected, Clients);
        Assert.Equal((sizes.Sum(), sizes.Sum()), (server.BytesReceived, server.BytesSent));
        Assert.Equal((Clients, 0), (server.TotalConnections, server.ActiveConnections));
        Assert.Equal(server.BytesReceived, events.Where(static e => e.Kind == "MessageReceived").Sum(static e => e.Bytes));
        Assert.Equal(server.BytesSent, events.Where(static e => e.Kind == "ResponseSent").Sum(static e => e.Bytes));
        Assert.Equal(server.MessagesReceived, events.Count(static e => e.Kind == "MessageReceived"));
        Assert.Equal(Enumerable.Range(1, events.Count).Select(static i => (long)i), events.Select(static e => e.Sequence));
        for (var id = 1; id <= Clients; id++)
        {
            Assert.Matches("^Connected( MessageReceived ResponseSent)+ Disconnected/(ClientClosed|Reset)$", events.Story(id));
        }
    }

    [Fact]
    public async Task A_conversation_is_recorded_from_start_to_stop()
    {
        using var server = Start(Own with { Id = 42, Framing = MessageFraming.Line, ResponseFormat = "Echo: {0}" });
        Assert.Equal(("Listening", "Concurrent", $"{_address}:{server.Port}", "EchoServer42"), (server.State, server.Mode, server.EndPoint, server.Name));
        string address;
        int port;
        using (var client = await BareClient.ConnectAsync(server))
        {
            (address, port) = (client.Address, client.Port);
            await client.ExchangeAsync("olá\r\n", "Echo: olá\r\n");
            Assert.Equal(1, server.ActiveConnections);
            client.EndOutput();
            await client.AssertEndsWithAsync(string.Empty);
        }

        await server.UntilAsync(ServerEventKind.Disconnected);
        await server.StopAsync(Ample).WaitAsync(Patience.Long);

        var events = server.GetEvents();
        Assert.Equal(["Started", "Connected", "MessageReceived", "ResponseSent", "Disconnected", "Stopped"], events.Select(static e => e.Kind));
        Assert.Equal([server.EndPoint, null, "olá", "Echo: olá", null, server.EndPoint], events.Select(static e => e.Message));
        Assert.All(events, static e => Assert.Equal(42, e.ServerId));
        Assert.All(events.Skip(1).Take(4), e => Assert.Equal((1, address, port), (e.ConnectionId!.Value, e.RemoteAddress, e.RemotePort!.Value)));
        Assert.Equal("ClientClosed", events[4].Reason);
        Assert.InRange(events[4].DurationMilliseconds!.Value, 0.0001, Patience.Long.TotalMilliseconds);
        Assert.InRange(events[5].DurationMilliseconds!.Value, events[4].DurationMilliseconds!.Value, Patience.Long.TotalMilliseconds);
        Assert.Equal(events.Select(static e => e.TimestampUtc).Order(StringComparer.Ordinal), events.Select(static e => e.TimestampUtc));
        Assert.Equal(("Stopped", null), (server.State, server.Error));
        Assert.InRange(server.StoppedAt!.Value, server.StartedAt, DateTime.Now);
        Assert.Equal(["Connected", "Disconnected"], server.GetEvents([ServerEventKind.Connected, ServerEventKind.Disconnected]).Select(static e => e.Kind));
        Assert.Equal(["Disconnected", "Stopped"], server.GetEvents(last: 2).Select(static e => e.Kind));
        Assert.Empty(server.GetEvents(since: DateTimeOffset.Now.AddDays(1)));
    }

    [Fact]
    public async Task Messages_without_a_line_end_get_their_response_after_a_pause()
    {
        using var server = Start(Own with { ResponseFormat = "Servidor recebeu: '{0}'" });
        using var client = await BareClient.ConnectAsync(server);
        await client.ExchangeAsync("oi", "Servidor recebeu: 'oi'");
        await client.ExchangeAsync("olá, mundo 👋", "Servidor recebeu: 'olá, mundo 👋'");
        await client.SendAsync("fim");
        client.EndOutput();
        await client.AssertEndsWithAsync("Servidor recebeu: 'fim'");
    }

    [Fact]
    public async Task A_small_buffer_receives_a_message_in_parts_and_a_discarding_server_echoes_none()
    {
        using var server = Start(Own with { Framing = MessageFraming.None, BufferSize = 5, IsDiscarding = true });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("uma mensagem de 28 bytes, ok");
        client.EndOutput();
        Assert.Empty(await client.ReceiveToEndAsync());

        var pieces = (await server.UntilAsync(ServerEventKind.Disconnected)).Where(static e => e.Kind == "MessageReceived").ToArray();
        Assert.Equal([5L, 5, 5, 5, 5, 3], pieces.Select(static e => e.Bytes!.Value));
        Assert.Equal("uma mensagem de 28 bytes, ok", string.Concat(pieces.Select(static e => e.Message)));
        Assert.Equal((28, 0), (server.BytesReceived, server.BytesSent));
    }

    [Fact]
    public async Task A_sequential_server_serves_waiting_clients_in_the_order_of_connecting()
    {
        using var server = Start(Own with { IsSequential = true, ResponseFormat = "Echo: {0}", Framing = MessageFraming.Line });
        Assert.Equal("Sequential", server.Mode);
        using var first = await BareClient.ConnectAsync(server);
        await first.ExchangeAsync("a\n", "Echo: a\n");
        using var second = await BareClient.ConnectAsync(server);
        using var third = await BareClient.ConnectAsync(server);
        await third.SendAsync("c\n");
        await second.SendAsync("b\n");
        for (var i = 0; i < 100; i++)
        {
            await first.ExchangeAsync("again\n", "Echo: again\n");
        }

        Assert.Equal((1, 1), (server.TotalConnections, server.ActiveConnections));
        Assert.Equal((0, 0), (second.Socket.Available, third.Socket.Available));

        first.Dispose();
        await second.AssertReceivesAsync("Echo: b\n");
        await second.ExchangeAsync("b2\n", "Echo: b2\n");
        Assert.Equal((2, 1), (server.TotalConnections, server.ActiveConnections));
        Assert.Equal(0, third.Socket.Available);

        second.Reset();
        await third.AssertReceivesAsync("Echo: c\n");
        Assert.Equal((3, 1), (server.TotalConnections, server.ActiveConnections));
        var connected = (await server.UntilAsync(ServerEventKind.Connected, 3)).Where(static e => e.Kind == "Connected");
        Assert.Equal([first.Port, second.Port, third.Port], connected.Select(static e => e.RemotePort!.Value));
    }

    [IPv6Fact]
    public async Task A_sequential_server_serves_one_client_across_both_loopback_addresses()
    {
        using var server = Start(Own with { Address = "localhost", IsSequential = true });
        using var first = await BareClient.ConnectAsync(IPAddress.Loopback, server.Port);
        await first.ExchangeAsync("a");
        using var second = await BareClient.ConnectAsync(IPAddress.IPv6Loopback, server.Port);
        await second.SendAsync("b");
        for (var i = 0; i < 50; i++)
        {
            await first.ExchangeAsync("a");
        }

        Assert.Equal(1, server.TotalConnections);
        first.Dispose();
        await second.AssertReceivesAsync("b");
        Assert.Contains(server.GetEvents([ServerEventKind.Connected]), e => e.RemoteAddress == "::1" && e.RemotePort == second.Port);
    }

#if !NETSTANDARD_BUILD
    [Fact]
    [Trait("System", "Linux")]
    public async Task A_sequential_server_leaves_waiting_clients_in_the_backlog()
    {
        var addresses = IPv6Stack.IsEnabled() ? new[] { IPAddress.Loopback, IPAddress.IPv6Loopback } : [IPAddress.Loopback];
        using var server = Start(Own with { Address = "localhost", IsSequential = true });
        using var first = await BareClient.ConnectAsync(addresses[0], server.Port);
        await first.ExchangeAsync("a");
        Assert.Equal(0, server.WaitingConnections);
        var waiting = await Task.WhenAll(addresses.Concat(addresses).Select(address => BareClient.ConnectAsync(address, server.Port)));
        Assert.True(SpinWait.SpinUntil(() => server.WaitingConnections == waiting.Length, Patience.Long), $"{server.WaitingConnections} wait");
        Assert.Equal((1, 0), (server.TotalConnections, server.RejectedConnections));

        first.Dispose();
        await Task.WhenAll(waiting.Select(async client =>
        {
            await client.SendAsync("b");
            await client.AssertReceivesAsync("b");
            client.Dispose();
        }));
        Assert.Equal((0, waiting.Length + 1), (server.WaitingConnections, server.TotalConnections));
    }
#endif

    [Fact]
    public async Task A_client_that_disconnects_while_it_waits_does_not_delay_the_next_one()
    {
        using var server = Start(Own with { IsSequential = true });
        using var first = await BareClient.ConnectAsync(server);
        await first.ExchangeAsync("a");
        using var second = await BareClient.ConnectAsync(server);
        await second.SendAsync("b");
        second.Reset();
        using var third = await BareClient.ConnectAsync(server);
        await third.SendAsync("c");
        first.Dispose();
        await third.AssertReceivesAsync("c");
    }

    [Fact]
    public async Task A_client_that_sends_the_exit_command_and_reads_nothing_does_not_block_the_next_one()
    {
        using var server = Start(Own with
        {
            IsSequential = true,
            ResponseFormat = "Servidor recebeu: '{0}'",
            ExitCommand = ["sair"],
            Farewell = "Servidor: Desconectando...",
        });
        for (var i = 1; i <= 5; i++)
        {
            using (var leaving = await BareClient.ConnectAsync(server))
            {
                await leaving.ExchangeAsync("oi", "Servidor recebeu: 'oi'");
                await leaving.SendAsync("Sair");
            }

            var events = await server.UntilAsync(ServerEventKind.Disconnected, i);
            Assert.Matches("^Connected MessageReceived ResponseSent MessageReceived (HalfClosed )?(ResponseSent )?Disconnected/(ExitCommand|Reset)$", events.Story(i));
        }

        using var staying = await BareClient.ConnectAsync(server);
        await staying.SendAsync("SAIR");
        await staying.AssertEndsWithAsync("Servidor: Desconectando...");
        Assert.EndsWith("ResponseSent Disconnected/ExitCommand", (await server.UntilAsync(ServerEventKind.Disconnected, 6)).Story(6), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_its_last_response_the_server_closes_with_a_FIN_even_when_more_was_sent()
    {
        using var server = Start(Own with { DisconnectAfter = 1, Transform = ResponseTransform.Upper });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("Olá, servidor!\n" + new string('x', 200_000));
        await client.AssertEndsWithAsync("OLÁ, SERVIDOR!\n");
        client.Dispose();
        Assert.Equal("MessageLimit", (await server.UntilAsync(ServerEventKind.Disconnected))[^1].Reason);
        Assert.Matches(@"^Disconnect #\d+ \(At Response, PerConnection\)$", server.Faults);
        Assert.Equal(1, server.MessagesReceived);
    }

    [Fact]
    public async Task A_client_that_exceeds_the_limit_gets_a_FIN_and_no_reset()
    {
        using var server = Start(Own with { MaxMessageBytes = 1000, Framing = MessageFraming.Line });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("one\n" + new string('x', 300_000));
        await client.AssertEndsWithAsync("one\n");
        client.Dispose();
        Assert.Equal(
            "Connected MessageReceived Error/MessageTooLarge ResponseSent Disconnected/MessageTooLarge",
            (await server.UntilAsync(ServerEventKind.Disconnected)).Story(1));
    }

    [Theory]
    [InlineData("one\n")]
    [InlineData("one")]
    public async Task A_server_resets_after_the_given_number_of_messages(string message)
    {
        using var server = Start(Own with { ResetAfter = 1 });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync(message);
        var exception = await Assert.ThrowsAnyAsync<SocketException>(client.ReceiveToEndAsync);
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        Assert.Equal("MessageLimit", (await server.UntilAsync(ServerEventKind.Disconnected))[^1].Reason);
    }

    [Fact]
    public async Task A_client_that_resets_is_reported_as_such()
    {
        using var server = Start();
        using var client = await BareClient.ConnectAsync(server);
        await client.ExchangeAsync("x");
        client.Reset();
        Assert.Equal("Connected MessageReceived ResponseSent Disconnected/Reset", (await server.UntilAsync(ServerEventKind.Disconnected)).Story(1));
    }

    [Fact]
    public async Task A_client_that_closes_with_unread_responses_ends_only_its_own_connection()
    {
        using var server = Start();
        using var other = await BareClient.ConnectAsync(server);
        await other.ExchangeAsync("x");
        using (var client = await BareClient.ConnectAsync(server))
        {
            await client.SendAsync(new byte[1_000_000]);
        }

        var end = (await server.UntilAsync(ServerEventKind.Disconnected))[^1];
        Assert.Equal(2, end.ConnectionId);
        await other.ExchangeAsync("y");
        Assert.Equal(1, server.ActiveConnections);
    }

    [Fact]
    public async Task A_client_that_sends_nothing_for_the_idle_timeout_is_disconnected()
    {
        using var server = Start(Own with { IdleTimeout = TimeSpan.FromSeconds(2) });
        using var client = await BareClient.ConnectAsync(server);
        await client.ExchangeAsync("x");
        Assert.Empty(await client.ReceiveToEndAsync());
        var end = (await server.UntilAsync(ServerEventKind.Disconnected))[^1];
        Assert.Equal("IdleTimeout", end.Reason);
        Assert.InRange(end.DurationMilliseconds!.Value, 1990, Patience.Long.TotalMilliseconds);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_acknowledges_nothing_for_the_idle_timeout_is_disconnected(bool lines)
    {
        var sent = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 1023) + "\n", 64 * 1024)));
        using var server = Start(Own with { IdleTimeout = TimeSpan.FromSeconds(2), Framing = lines ? MessageFraming.Line : MessageFraming.Auto });
        using var client = await BareClient.ConnectAsync(server);

        // It never reads, and sends until it is stopped.
        await Assert.ThrowsAnyAsync<SocketException>(() => client.SendAsync(sent));

        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("IdleTimeout", events[^1].Reason);
        Assert.DoesNotContain(events, static e => e.Kind == "Error");
        Assert.Equal(0, server.ActiveConnections);
    }

    [Fact]
    public async Task Responses_are_delayed_at_least_as_long_as_given()
    {
        using var server = Start(Own with { MinDelayMilliseconds = 150, MaxDelayMilliseconds = 200, Framing = MessageFraming.Line });
        using var client = await BareClient.ConnectAsync(server);
        var watch = Stopwatch.StartNew();
        await client.ExchangeAsync("one\ntwo\n");
        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(299), Patience.Long);
    }

    [Fact]
    public async Task A_greeting_is_sent_before_anything_is_received()
    {
        using var server = Start(Own with { Greeting = "olá" });
        using var client = await BareClient.ConnectAsync(server);
        await client.AssertReceivesAsync("olá\n");
        await client.ExchangeAsync("x");
    }

    [Fact]
    public async Task Clients_over_the_limit_are_rejected_until_one_disconnects()
    {
        using var server = Start(Own with { MaxConnections = 2 });
        using var first = await BareClient.ConnectAsync(server);
        using var second = await BareClient.ConnectAsync(server);
        await first.ExchangeAsync("a");
        await second.ExchangeAsync("b");
        using var third = await BareClient.ConnectAsync(server);
        Assert.Empty(await third.ReceiveToEndAsync());
        var rejected = (await server.UntilAsync(ServerEventKind.Rejected))[^1];
        Assert.Equal(("TooManyConnections", third.Port), (rejected.Reason, rejected.RemotePort));
        Assert.Equal((2, 2, 1), (server.TotalConnections, server.ActiveConnections, server.RejectedConnections));

        first.Dispose();
        await server.UntilAsync(ServerEventKind.Disconnected);
        using var fourth = await BareClient.ConnectAsync(server);
        await fourth.ExchangeAsync("d");
        Assert.Equal((3, 2, 1), (server.TotalConnections, server.ActiveConnections, server.RejectedConnections));
    }

    [Fact]
    public async Task A_responder_serves_connections_concurrently_and_each_in_order()
    {
        var answers = new Answers();
        using var server = Start(Own with { Framing = MessageFraming.Line, Responder = answers });
        using var first = await BareClient.ConnectAsync(server);
        await first.SendAsync("a1\na2\n");
        await answers.AskedAsync("a1");
        using var second = await BareClient.ConnectAsync(server);
        await second.SendAsync("b1\n");
        await answers.AskedAsync("b1");
        answers.Give("b1");
        await second.AssertReceivesAsync("b1\n");
        Assert.False(answers.WasAsked("a2"));
        answers.Give("a1");
        await first.AssertReceivesAsync("a1\n");
        await answers.AskedAsync("a2");
        answers.Give("a2");
        await first.AssertReceivesAsync("a2\n");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_received_while_a_response_is_pending_gets_its_response_next(bool responder)
    {
        // The pause that ended the first message left a receive under way, which ends while the server waits for something else.
        using var answers = new Answers();
        using var server = Start(responder ? Own with { Responder = answers } : Own with { MinDelayMilliseconds = 400, MaxDelayMilliseconds = 400 });
        using var bystander = Start();
        using var client = await BareClient.ConnectAsync(server);
        using var other = await BareClient.ConnectAsync(bystander);
        await client.SendAsync("one");
        await (responder ? answers.AskedAsync("one") : server.UntilAsync(ServerEventKind.MessageReceived));
        await client.SendAsync("two");
        for (var i = 0; i < 100; i++)
        {
            await other.ExchangeAsync("time passes");
        }

        if (responder)
        {
            answers.Give("one");
            await client.AssertReceivesAsync("one");
            await answers.AskedAsync("two");
            answers.Give("two");
            await client.AssertReceivesAsync("two");
        }
        else
        {
            await client.AssertReceivesAsync("onetwo");
        }
    }

    [Fact]
    public async Task A_client_that_stays_connected_after_the_servers_FIN_delays_neither_the_next_one_nor_the_stop()
    {
        using var server = Start(Own with { IsSequential = true, DisconnectAfter = 1, Framing = MessageFraming.Line });
        using var first = await BareClient.ConnectAsync(server);
        using var second = await BareClient.ConnectAsync(server);
        await second.SendAsync("two\n");
        await first.SendAsync("one\nmore\n");
        await first.AssertEndsWithAsync("one\n");
        await second.AssertEndsWithAsync("two\n");
        Assert.Equal(0, server.ActiveConnections);
        await server.StopAsync(Ample).WaitAsync(Patience.Long);
        Assert.Equal("Stopped", server.GetEvents()[^1].Kind);
    }

    [Fact]
    public async Task A_half_close_at_once_is_answered_by_a_FIN()
    {
        using var server = Start();
        using var client = await BareClient.ConnectAsync(server);
        client.EndOutput();
        Assert.Empty(await client.ReceiveToEndAsync());
        Assert.Equal("Connected Disconnected/ClientClosed", (await server.UntilAsync(ServerEventKind.Disconnected)).Story(1));
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_a_client_that_never_stops_sending()
    {
        using var server = Start(Own with { IsDiscarding = true });
        using var client = await BareClient.ConnectAsync(server);
        var sending = Task.Run(async () =>
        {
            try
            {
                var bytes = new byte[64 * 1024];
                while (true)
                {
                    await client.Socket.SendAsync(bytes.AsMemory());
                }
            }
            catch (SocketException)
            {
                // The server has closed the connection.
            }
        });
        await server.UntilAsync(ServerEventKind.MessageReceived, 20);
        var watch = Stopwatch.StartNew();
        await server.StopAsync(TimeSpan.FromMilliseconds(500)).WaitAsync(Patience.Long);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(15));
        await sending.WaitAsync(Patience.Long);
        Assert.Equal(0, server.ActiveConnections);
        Assert.EndsWith("Disconnected/ServerStopped", server.GetEvents().Story(1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.MaxValue)]
    public void A_stop_with_a_timeout_out_of_range_is_refused_and_stops_nothing(double seconds)
    {
        using var server = Start();
        var timeout = seconds < 0 ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = server.StopAsync(timeout); });
        server.RequireRunning();
    }

    [Fact]
    public async Task Stopping_closes_idle_connections_with_a_FIN_and_at_once()
    {
        using var server = Start();
        var clients = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => BareClient.ConnectAsync(server)));
        await Task.WhenAll(clients.Take(10).Select(static client => client.ExchangeAsync("x")));
        await server.UntilAsync(ServerEventKind.Connected, clients.Length);

        var watch = Stopwatch.StartNew();
        await server.StopAsync(Patience.Long);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"stopping took {watch.Elapsed}");
        foreach (var client in clients)
        {
            Assert.Empty(await client.ReceiveToEndAsync());
            client.Dispose();
        }

        Assert.Equal(0, server.ActiveConnections);
        var events = server.GetEvents();
        Assert.Equal(20, events.Count(static e => e is { Kind: "Disconnected", Reason: "ServerStopped" }));
        Assert.Equal("Stopped", events[^1].Kind);
    }

    [Fact]
    public async Task Stopping_lets_a_connection_send_its_pending_response_and_closes_the_others_meanwhile()
    {
        var answers = new Answers();
        using var server = Start(Own with { Framing = MessageFraming.Line, Responder = answers });
        using var owed = await BareClient.ConnectAsync(server);
        using var idle = await BareClient.ConnectAsync(server);
        await server.UntilAsync(ServerEventKind.Connected, 2);
        await owed.SendAsync("late\n");
        await answers.AskedAsync("late");

        var stopping = server.StopAsync(Patience.Long);
        Assert.Empty(await idle.ReceiveToEndAsync());
        Assert.False(stopping.IsCompleted);
        Assert.Equal("Draining", server.State);
        await Assert.ThrowsAnyAsync<SocketException>(() => BareClient.ConnectAsync(server));

        answers.Give("late");
        await owed.AssertEndsWithAsync("late\n");
        await stopping.WaitAsync(Patience.Long);
        Assert.Equal(("Stopped", 0), (server.State, server.ActiveConnections));
        Assert.True(answers.IsDisposed);
    }

    [Fact]
    public async Task Using_a_server_that_stops_or_has_stopped_is_an_error_that_says_what_to_do()
    {
        using var answers = new Answers();
        using var server = Start(Own with { Name = "echo", Framing = MessageFraming.Line, Responder = answers });
        server.RequireRunning();
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("late\n");
        await answers.AskedAsync("late");

        var stopping = server.StopAsync(Patience.Long);
        AssertStopped("Draining");
        answers.Give("late");
        await stopping.WaitAsync(Patience.Long);
        AssertStopped("Stopped");

        void AssertStopped(string state)
        {
            var exception = Assert.Throws<SocketToolsException>(server.RequireRunning);
            Assert.Equal((SocketToolsError.ServerStopped, server), (exception.Error, exception.Target));
            Assert.Contains($"echo ({server.EndPoint})", exception.Message, StringComparison.Ordinal);
            Assert.Contains(state, exception.Message, StringComparison.Ordinal);
            Assert.Contains("EchoServer.Start", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Stopping_lets_a_slow_reader_receive_the_rest_of_a_long_response()
    {
        using var server = Start(Own with { Framing = MessageFraming.Line, MaxMessageBytes = 64 * 1024 * 1024 });
        using var client = await BareClient.ConnectAsync(server);
        var message = new byte[32 * 1024 * 1024];
        message[^1] = (byte)'\n';
        await client.SendAsync(message);
        await server.UntilAsync(ServerEventKind.MessageReceived);

        var stopping = server.StopAsync(Patience.Long);
        AssertSame(message, await client.ReceiveToEndAsync());
        await stopping.WaitAsync(Patience.Long);
        Assert.Equal("Connected MessageReceived ResponseSent Disconnected/ServerStopped", server.GetEvents().Story(1));
    }

    [Fact]
    public async Task Stopping_sends_the_response_to_a_message_whose_sender_has_just_paused()
    {
        using var server = Start(Own with { ResponseFormat = "<{0}>", IdleGapMilliseconds = 1000 });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("one\ntw");
        await client.AssertReceivesAsync("<one>\n");
        var stopping = server.StopAsync(Patience.Long);
        await client.AssertEndsWithAsync("<tw>");
        await stopping.WaitAsync(Patience.Long);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(500)]
    public async Task Stopping_closes_blocked_connections_when_the_grace_period_is_over(int milliseconds)
    {
        var answers = new Answers();
        using var server = Start(Own with { Framing = MessageFraming.Line, Responder = answers, MaxMessageBytes = 64 * 1024 * 1024 });
        using var waiting = await BareClient.ConnectAsync(server);
        await waiting.SendAsync("never\n");
        await answers.AskedAsync("never");
        using var blocked = await BareClient.ConnectAsync(server);
        var message = Encoding.ASCII.GetBytes(new string('x', 32 * 1024 * 1024) + "\n");
        await blocked.SendAsync(message);
        answers.Give(await answers.AskedAsync(static asked => asked.StartsWith('x')));

        var watch = Stopwatch.StartNew();
        await server.StopAsync(TimeSpan.FromMilliseconds(milliseconds)).WaitAsync(Patience.Long);
        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(milliseconds * 0.9), TimeSpan.FromSeconds(15));
        Assert.Equal(0, server.ActiveConnections);
        Assert.Equal(2, server.GetEvents().Count(static e => e is { Kind: "Disconnected", Reason: "ServerStopped" }));
        await AssertIsCutOffAsync(waiting, 0);
        await AssertIsCutOffAsync(blocked, message.Length);
    }

    [Fact]
    public async Task Concurrent_and_repeated_stops_stop_once()
    {
        using var server = Start();
        using var client = await BareClient.ConnectAsync(server);
        await client.ExchangeAsync("x");
        var stopped = server.WhenStopped();
        Assert.False(stopped.IsCompleted);
        server.RequireRunning();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => server.StopAsync(Ample)))).WaitAsync(Patience.Long);
        await server.StopAsync(TimeSpan.Zero);
        await stopped.WaitAsync(Patience.Long);
        server.Dispose();
        Assert.Single(server.GetEvents(), static e => e.Kind == "Stopped");
        Assert.Equal("Stopped", server.GetEvents()[^1].Kind);
        var exception = Assert.Throws<SocketToolsException>(server.RequireRunning);
        Assert.Equal((SocketToolsError.ServerStopped, server), (exception.Error, exception.Target));
        var refused = await Assert.ThrowsAnyAsync<SocketException>(() => BareClient.ConnectAsync(server));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task No_event_follows_the_stop_even_when_clients_keep_connecting()
    {
        for (var round = 0; round < 20; round++)
        {
            using var server = Start(Own with { IsSequential = round % 4 == 3 });
            using var over = new CancellationTokenSource();
            var coming = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
            {
                while (!over.IsCancellationRequested)
                {
                    try
                    {
                        using var client = await BareClient.ConnectAsync(server);
                        await client.SendAsync("x");
                    }
                    catch (SocketException)
                    {
                        // Refused or reset: the server has stopped.
                    }
                }
            })).ToArray();
            await server.UntilAsync(ServerEventKind.Connected, 3);
            await server.StopAsync(Ample).WaitAsync(Patience.Long);
            var told = server.GetEvents();
            await over.CancelAsync();
            await Task.WhenAll(coming);

            Assert.Equal("Stopped", server.GetEvents()[^1].Kind);
            Assert.Equal(told.Count, server.GetEvents().Count);
            Assert.Equal(0, server.ActiveConnections);
            Assert.Equal(told.Count(static e => e.Kind == "Connected"), told.Count(static e => e.Kind == "Disconnected"));
            Assert.DoesNotContain(told, static e => e.Kind == "Error");
        }
    }

    [Fact]
    public async Task The_port_can_be_bound_again_at_once()
    {
        // Where there is but one loopback address, another test may be given the port in between; not every time.
        for (var attempt = 1; ; attempt++)
        {
            using var server = Start(Own);
            using var client = await BareClient.ConnectAsync(server);
            await client.ExchangeAsync("x");
            await server.StopAsync(Ample);
            try
            {
                using var again = Start(Own with { Port = server.Port });
                using var next = await BareClient.ConnectAsync(again);
                await next.ExchangeAsync("y");
                return;
            }
            catch (SocketToolsException exception) when (exception.Error == SocketToolsError.PortInUse && attempt < 5)
            {
                // Another test has the port.
            }
        }
    }

    [Fact]
    public void A_port_in_use_is_refused_and_named()
    {
        using var server = Start(Own);
        var exception = Assert.Throws<SocketToolsException>(() => Start(Own with { Port = server.Port }));
        Assert.Equal((SocketToolsError.PortInUse, server.EndPoint), (exception.Error, exception.Target));
        Assert.Contains(server.EndPoint, exception.Message, StringComparison.Ordinal);
        Assert.IsType<SocketException>(exception.InnerException);
        server.RequireRunning();
    }

    [Fact]
    public void An_address_of_another_machine_is_refused_and_named()
    {
        // TEST-NET-1 (RFC 5737) is nobody's.
        var exception = Assert.Throws<SocketToolsException>(() => Start(Own with { Address = "192.0.2.1" }));
        Assert.Equal((SocketToolsError.AddressNotAvailable, "192.0.2.1"), (exception.Error, exception.Target));
    }

    [Fact]
    public async Task Both_loopback_addresses_have_the_same_port_also_when_the_system_picks_it()
    {
        using var server = Start(Own with { Address = "localhost" });
        if (!IPv6Stack.IsEnabled())
        {
            Assert.Equal($"127.0.0.1:{server.Port}", server.EndPoint);
            return;
        }

        Assert.Equal($"127.0.0.1:{server.Port}, [::1]:{server.Port}", server.EndPoint);
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var client = await BareClient.ConnectAsync(address, server.Port);
            await client.ExchangeAsync("x");
            var connected = server.GetEvents([ServerEventKind.Connected]);
            Assert.Equal(address.ToString(), Assert.Single(connected, e => e.RemotePort == client.Port && e.RemoteAddress == client.Address).RemoteAddress);
        }
    }

    [IPv6Fact]
    public async Task A_port_busy_on_one_loopback_address_is_busy()
    {
        using var holder = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = false };
        holder.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        holder.Listen();
        var port = ((IPEndPoint)holder.LocalEndPoint!).Port;
        var exception = Assert.Throws<SocketToolsException>(() => Start(Own with { Address = "localhost", Port = port }));
        Assert.Equal(SocketToolsError.PortInUse, exception.Error);
        await Assert.ThrowsAnyAsync<SocketException>(() => BareClient.ConnectAsync(IPAddress.Loopback, port));
    }

    [Fact]
    public async Task Many_clients_are_served_at_once()
    {
        const int Clients = 200;
        using var server = Start(Own with { Framing = MessageFraming.Line, ResponseFormat = "{ConnectionId}:{0}", EventCapacity = 100 });
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async i =>
        {
            using var client = await BareClient.ConnectAsync(server);
            for (var n = 0; n < 20; n++)
            {
                await client.SendAsync($"m{n}\n");
                var answer = new StringBuilder();
                while (!answer.ToString().EndsWith('\n'))
                {
                    answer.Append((char)(await client.ReceiveAsync(1))[0]);
                }

                Assert.EndsWith($":m{n}\n", answer.ToString(), StringComparison.Ordinal);
            }
        }));
        await server.StopAsync(Ample).WaitAsync(Patience.Long);
        Assert.Equal((Clients, 0, Clients * 20), (server.TotalConnections, server.ActiveConnections, server.MessagesReceived));
        Assert.Equal(100, server.GetEvents().Count);
        Assert.Equal((Clients * 42) + 2 - 100, server.EventsDropped);
    }

    private EchoServerOptions Own => new() { Address = _address };

    /// <summary>Without Assert.Equal's element by element, which takes seconds for megabytes.</summary>
    private static void AssertSame(byte[] expected, byte[] actual) => Assert.True(expected.AsSpan().SequenceEqual(actual));

    private static async Task AssertIsCutOffAsync(BareClient client, int atMost)
    {
        try
        {
            Assert.InRange((await client.ReceiveToEndAsync()).Length, 0, atMost);
        }
        catch (SocketException exception)
        {
            Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        }
    }

    private EchoServer Start(EchoServerOptions? options = null)
    {
        options ??= Own;

        // Script blocks are served by one transport only.
        var chosen = options.Responder is null ? transport : "Async";
        var server = EchoServer.Start(options with { Transport = chosen });
        Assert.Equal(chosen, server.Transport);
        return server;
    }
}
