using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Tests.Server.Conversations;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>A server's connections as objects: each transport has to pass in a class of its own.</summary>
/// <param name="transport">The name of the transport, as EchoServer.Transport shows it.</param>
public abstract class EchoConnectionTests(string transport)
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(20);

    private readonly string _address = OwnAddress.Pick();

    private EchoServerOptions Own => new() { Address = _address, Framing = MessageFraming.Line };

    [Fact]
    public async Task A_connection_is_listed_from_its_first_to_its_last_event_with_its_counters()
    {
        using var server = Start(Own with { Framing = MessageFraming.Auto });
        Assert.Empty(server.GetConnections());
        using var first = await BareClient.ConnectAsync(server);
        _ = await server.UntilAsync(ServerEventKind.Connected);
        using var second = await BareClient.ConnectAsync(server);
        _ = await server.UntilAsync(ServerEventKind.Connected, 2);

        var connections = server.GetConnections();
        Assert.Equal([1, 2], connections.Select(static c => c.ConnectionId));
        Assert.Equal([first.Port, second.Port], connections.Select(static c => c.RemotePort ?? 0));
        Assert.Same(connections[1], server.GetConnections()[1]);
        await second.ExchangeAsync("hello");
        _ = await server.UntilAsync(ServerEventKind.ResponseSent);

        var connection = connections[1];
        Assert.Equal((server.Id, second.Address, false, null, "Open"), (connection.ServerId, connection.RemoteAddress, connection.IsEncrypted, connection.TlsProtocol, connection.State));
        Assert.Equal((1, 5, 5), (connection.MessagesReceived, connection.BytesReceived, connection.BytesSent));
        Assert.InRange(connection.IdleMilliseconds!.Value, 0, 60_000);
        Assert.InRange(connection.ConnectedAt, server.StartedAt, DateTime.Now);
        Assert.Equal(0, connections[0].MessagesReceived);

        second.Dispose();
        _ = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Same(connections[0], Assert.Single(server.GetConnections()));
        Assert.Equal(("Closed", null, 5), (connection.State, connection.IdleMilliseconds, connection.BytesReceived));
        var error = Assert.Throws<SocketToolsException>(() => connection.Send("late"));
        Assert.Equal((SocketToolsError.ConnectionEnded, connection), (error.Error, error.Target));
        await connection.CloseAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
    }

    [Theory]
    [InlineData(MessageFraming.Auto, "tick\n")]
    [InlineData(MessageFraming.Line, "tick\n")]
    [InlineData(MessageFraming.LengthPrefix, "\0\0\0\u0004tick")]
    [InlineData(MessageFraming.None, "tick")]
    public async Task A_message_comes_unsolicited_in_the_framing_and_is_an_event(MessageFraming framing, string expected)
    {
        using var server = Start(Own with { Framing = framing });
        using var client = await BareClient.ConnectAsync(server);
        var connection = await ConnectedAsync(server);
        connection.Send("tick");
        await client.AssertReceivesAsync(expected);
        connection.Send("tick"u8.ToArray());
        await client.AssertReceivesAsync(expected);

        var sent = (await server.UntilAsync(ServerEventKind.ResponseSent, 2)).Last(static e => e.Kind == "ResponseSent");
        Assert.Equal((1, "tick", 4), (sent.ConnectionId, sent.Message, sent.Bytes));
        Assert.Equal(2 * expected.Length, connection.BytesSent);
        Assert.Equal(server.BytesSent, connection.BytesSent);
    }

    [Fact]
    public async Task What_the_framing_cannot_carry_is_refused_and_sends_nothing()
    {
        using var server = Start(Own with { MaxMessageBytes = 10 });
        using var client = await BareClient.ConnectAsync(server);
        var connection = await ConnectedAsync(server);
        Assert.Equal(SocketToolsError.MessageNotCarried, Assert.Throws<SocketToolsException>(() => connection.Send("a\nb")).Error);
        Assert.Equal(SocketToolsError.MessageTooLarge, Assert.Throws<SocketToolsException>(() => connection.Send("longer than ten")).Error);
        connection.Send("good");
        await client.AssertReceivesAsync("good\n");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7000)]
    public async Task Messages_of_several_senders_come_whole_between_whole_answers_each_in_order(int fragmentBytes)
    {
        const int Senders = 4, Ticks = 300, Messages = 150;
        using var server = Start(Own with { FragmentBytes = fragmentBytes });
        using var client = await BareClient.ConnectAsync(server);
        var connection = await ConnectedAsync(server);
        var senders = Enumerable.Range(0, Senders).Select(sender => Task.Run(() =>
        {
            for (var tick = 0; tick < Ticks; tick++)
            {
                connection.Send(string.Create(CultureInfo.InvariantCulture, $"tick {sender} {tick}"));
            }
        })).ToArray();
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < Messages; i++)
            {
                await client.SendAsync(string.Create(CultureInfo.InvariantCulture, $"echo {i} {new string((char)('a' + (i % 26)), 20_000)}\n"));
            }
        });

        var next = new int[Senders];
        var echoes = 0;
        using var reader = new StreamReader(new NetworkStream(client.Socket, ownsSocket: false), Encoding.ASCII);
        for (var line = 0; line < (Senders * Ticks) + Messages; line++)
        {
            var words = (await reader.ReadLineAsync().WaitAsync(Patience.Long))!.Split(' ');
            if (words[0] == "tick")
            {
                var sender = int.Parse(words[1], CultureInfo.InvariantCulture);
                Assert.Equal(next[sender]++, int.Parse(words[2], CultureInfo.InvariantCulture));
                continue;
            }

            Assert.Equal(("echo", echoes), (words[0], int.Parse(words[1], CultureInfo.InvariantCulture)));
            Assert.Equal(new string((char)('a' + (echoes++ % 26)), 20_000), words[2]);
        }

        await Task.WhenAll(senders);
        await sending;
        Assert.Equal(Messages, connection.MessagesReceived);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_an_error_for_the_sender_and_holds_up_nobody()
    {
        using var server = Start(Own);
        using var slow = await BareClient.ConnectAsync(server);
        var connection = await ConnectedAsync(server);
        var message = new byte[64 * 1024];
        Array.Fill(message, (byte)'x');
        SocketToolsException? error = null;
        for (var sent = 0; error is null; sent++)
        {
            Assert.InRange(sent, 0, 10_000);
            error = Record.Exception(() => connection.Send(message)) as SocketToolsException;
        }

        Assert.Equal((SocketToolsError.ClientTooSlow, connection), (error.Error, error.Target));
        using var other = await BareClient.ConnectAsync(server);
        await other.ExchangeAsync("quick\n");

        // It does not end in order, and so by a reset.
        await connection.CloseAsync(TimeSpan.FromMilliseconds(100)).WaitAsync(Patience.Long);
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Disconnected/ServerClosed", events.Where(static e => e.Kind == "Disconnected").Story(1));
    }

    [Fact]
    public async Task The_end_in_order_comes_after_what_is_queued_whatever_the_client_sends()
    {
        using var server = Start(Own);
        using var client = await BareClient.ConnectAsync(server);
        var connection = await ConnectedAsync(server);
        await client.ExchangeAsync("one\n");
        using var stopSending = new CancellationTokenSource();
        var flooding = Task.Run(async () =>
        {
            try
            {
                while (!stopSending.IsCancellationRequested)
                {
                    await client.SendAsync("x\n");
                }
            }
            catch (SocketException)
            {
                // The server's socket has closed.
            }
        });
        connection.Send("bye");
        await connection.CloseAsync(Ample).WaitAsync(Patience.Long);
        var received = Encoding.ASCII.GetString(await client.ReceiveToEndAsync());
        stopSending.Cancel();
        await flooding;

        Assert.Matches(@"^(x\n)*bye\n(x\n)*$", received);
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.EndsWith("Disconnected/ServerClosed", events.Story(1), StringComparison.Ordinal);
        Assert.Empty(server.GetConnections());
    }

    [Fact]
    public async Task An_idle_client_sees_the_end_in_order_and_one_that_is_reset_a_reset()
    {
        using var server = Start(Own with { Framing = MessageFraming.Auto });
        using var idle = await BareClient.ConnectAsync(server);
        await (await ConnectedAsync(server)).CloseAsync(Ample).WaitAsync(Patience.Long);
        Assert.Empty(await idle.ReceiveToEndAsync());

        using var reset = await BareClient.ConnectAsync(server);
        await (await ConnectedAsync(server, 2)).CloseAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
        var error = await Assert.ThrowsAsync<SocketException>(() => reset.ReceiveAsync(1));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        var events = await server.UntilAsync(ServerEventKind.Disconnected, 2);
        Assert.Equal(["ServerClosed", "ServerClosed"], events.Where(static e => e.Kind == "Disconnected").Select(static e => e.Reason));
    }

    [Fact]
    public async Task A_stop_sends_what_is_queued_before_it_closes()
    {
        using var server = Start(Own);
        using var client = await BareClient.ConnectAsync(server);
        var connection = await ConnectedAsync(server);
        for (var i = 0; i < 100; i++)
        {
            connection.Send(new string('y', 5000));
        }

        var stopping = server.StopAsync(Ample);
        Assert.Equal(100 * 5001, (await client.ReceiveToEndAsync()).Length);
        await stopping.WaitAsync(Patience.Long);
        Assert.Equal("Closed", connection.State);
        Assert.Equal(SocketToolsError.ConnectionEnded, Assert.Throws<SocketToolsException>(() => connection.Send("late")).Error);
    }

    [Fact]
    public async Task A_message_comes_while_an_answer_is_held_back_and_the_answer_after_it()
    {
        using var server = Start(Own with { MinDelayMilliseconds = 1500, MaxDelayMilliseconds = 1500 });
        using var client = await BareClient.ConnectAsync(server);
        var connection = await ConnectedAsync(server);
        await client.SendAsync("question\n");
        _ = await server.UntilAsync(ServerEventKind.MessageReceived);
        connection.Send("meanwhile");
        connection.Send("and again");
        await client.AssertReceivesAsync("meanwhile\nand again\nquestion\n");
    }

    [Fact]
    public async Task A_half_closed_client_gets_messages_while_its_answer_is_made()
    {
        using var answers = new Answers();
        using var server = EchoServer.Start(Own with { Responder = answers });
        using var client = await BareClient.ConnectAsync(server);
        var connection = await ConnectedAsync(server);
        await client.SendAsync("question\n");
        await answers.AskedAsync("question");
        connection.Send("wait");
        await client.AssertReceivesAsync("wait\n");
        client.EndOutput();
        await UntilAsync(() => connection.State == "HalfClosed");
        connection.Send("wait more");
        await client.AssertReceivesAsync("wait more\n");
        answers.Give("question");
        await client.AssertEndsWithAsync("question\n");
    }

    [Fact]
    public async Task A_message_that_a_pause_ends_is_answered_while_others_come_unsolicited()
    {
        using var server = Start(Own with { Framing = MessageFraming.Auto, ResponseFormat = "<{0}>", IdleGapMilliseconds = 50 });
        using var client = await BareClient.ConnectAsync(server);
        var connection = await ConnectedAsync(server);
        using var stopSending = new CancellationTokenSource();
        var ticking = Task.Run(() =>
        {
            while (!stopSending.IsCancellationRequested)
            {
                connection.Send("tick");
                Thread.Yield();
                SpinWait.SpinUntil(() => stopSending.IsCancellationRequested, 1);
            }
        });
        await client.SendAsync("no end");
        var received = new StringBuilder();
        while (!received.ToString().Contains("<no end>", StringComparison.Ordinal))
        {
            received.Append(Encoding.ASCII.GetString(await client.ReceiveAsync(1)));
        }

        stopSending.Cancel();
        await ticking;
        Assert.Matches("^(tick\n)*<no end>$", received.ToString());
    }

    [Fact]
    public async Task Whoever_lists_sends_and_closes_while_clients_come_and_go_meets_no_other_error()
    {
        using var server = Start(Own);
        using var stopSending = new CancellationTokenSource();
        var meddling = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (!stopSending.IsCancellationRequested)
            {
                foreach (var connection in server.GetConnections())
                {
                    try
                    {
                        connection.Send("tick");
                    }
                    catch (SocketToolsException exception) when (exception.Error is SocketToolsError.ConnectionEnded or SocketToolsError.ClientTooSlow)
                    {
                        // It has just gone, or two senders that never pause are ahead of what it reads.
                    }

                    if (connection.ConnectionId % 3 == 0)
                    {
                        await connection.CloseAsync(connection.ConnectionId % 2 == 0 ? TimeSpan.Zero : Ample);
                    }
                }
            }
        })).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                try
                {
                    using var client = await BareClient.ConnectAsync(server);
                    await client.SendAsync("x\n");
                    Assert.Single(await client.ReceiveAsync(1));
                }
                catch (Exception exception) when (exception is SocketException or Xunit.Sdk.TrueException)
                {
                    // The server has ended it.
                }
            }
        })));
        stopSending.Cancel();
        await Task.WhenAll(meddling).WaitAsync(Patience.Long);

        // The journal may have overwritten the last of their events.
        await UntilAsync(() => server is { TotalConnections: 200, ActiveConnections: 0 });
        Assert.Empty(server.GetConnections());
        Assert.Equal(0, server.Errors);
    }

    private static async Task<EchoConnection> ConnectedAsync(EchoServer server, int id = 1)
    {
        _ = await server.UntilAsync(ServerEventKind.Connected, id);
        return server.GetConnections().Single(connection => connection.ConnectionId == id);
    }

    private static async Task UntilAsync(Func<bool> condition) =>
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(condition, Patience.Long)));

    private EchoServer Start(EchoServerOptions options)
    {
        var server = EchoServer.Start(options with { Transport = transport });
        Assert.Equal(transport, server.Transport);
        return server;
    }
}

#if !NETSTANDARD_BUILD
[Trait("System", "Linux")]
public sealed class EpollEchoConnectionTests() : EchoConnectionTests("Epoll");
#endif

public sealed class AsyncEchoConnectionTests() : EchoConnectionTests("Async");

/// <summary>Connections that are not plain TCP, and what a conversation does without a socket.</summary>
public sealed class OtherConnectionTests
{
    [Fact]
    public async Task A_TLS_connection_tells_its_protocol_and_gets_messages()
    {
        using var certificate = TlsClient.MakeCertificate("localhost");
        using var server = EchoServer.Start(new EchoServerOptions { Address = OwnAddress.Pick(), Certificate = certificate });
        using var client = await BareClient.ConnectAsync(server);
        await using var stream = new SslStream(new NetworkStream(client.Socket), leaveInnerStreamOpen: false);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.Thumbprint,
        }).WaitAsync(Patience.Long);
        _ = await server.UntilAsync(ServerEventKind.Connected);
        var connection = Assert.Single(server.GetConnections());
        Assert.Equal((true, stream.SslProtocol.ToString()), (connection.IsEncrypted, connection.TlsProtocol));

        var received = new byte[5];
        for (var i = 0; i < 20; i++)
        {
            connection.Send("tick");
            await stream.ReadExactlyAsync(received).AsTask().WaitAsync(Patience.Long);
            Assert.Equal("tick\n"u8.ToArray(), received);
            await stream.WriteAsync("tock\n"u8.ToArray());
            await stream.ReadExactlyAsync(received).AsTask().WaitAsync(Patience.Long);
            Assert.Equal("tock\n"u8.ToArray(), received);
        }

        await connection.CloseAsync(TimeSpan.FromSeconds(20)).WaitAsync(Patience.Long);
        Assert.Equal(0, await stream.ReadAsync(received).AsTask().WaitAsync(Patience.Long));
    }

#if !NETSTANDARD_BUILD
    [Fact]
    public async Task A_connection_over_a_Unix_socket_has_no_address()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("pst").FullName, "s");
        using var server = EchoServer.Start(new EchoServerOptions { SocketPath = path });
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        using var client = new BareClient(socket);
        _ = await server.UntilAsync(ServerEventKind.Connected);
        var connection = Assert.Single(server.GetConnections());
        Assert.Equal((null, null), (connection.RemoteAddress, connection.RemotePort));
        Assert.Equal($"{server.Name} #1", connection.ToString());
        connection.Send("tick");
        await client.AssertReceivesAsync("tick\n");
    }
#endif

    [Fact]
    public void Datagrams_have_no_connections()
    {
        using var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Protocol = SocketProtocol.Udp });
        Assert.Equal(SocketToolsError.InvalidOption, Assert.Throws<SocketToolsException>(server.GetConnections).Error);
    }

    [Fact]
    public void A_pause_that_is_given_up_for_a_message_goes_on_for_the_rest_of_it()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { MinDelayMilliseconds = 500, MaxDelayMilliseconds = 500, Framing = MessageFraming.Line });
        driver.Feed("one\n");
        Assert.Equal((StepKind.Delay, 500), (driver.Step.Kind, driver.Step.Milliseconds));
        driver.SendUnsolicited("tick", millisecondsLeft: 200);
        Assert.Equal("tick\n", driver.Text);
        Assert.Equal((StepKind.Delay, 200), (driver.Step.Kind, driver.Step.Milliseconds));
        driver.Elapse();
        Assert.Equal("tick\none\n", driver.Text);
    }

    [Fact]
    public void A_greeting_comes_before_messages_that_were_queued_first()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { Greeting = "welcome", ExitCommand = ["quit"], Farewell = "bye" }, queued: "tick");
        Assert.Equal("welcome\ntick\n", driver.Text);
        driver.Feed("quit\n");
        Assert.Equal("welcome\ntick\nbye\n", driver.Text);
        driver.AssertEnded(ServerEventReason.ExitCommand);
    }
}
