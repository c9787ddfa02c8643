using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Tests.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>A UDP server over real sockets.</summary>
/// <param name="transport">The name of the transport, as EchoServer.Transport shows it.</param>
public abstract class DatagramServerTests(string transport)
{
    // As many as fit into the receive buffer of a socket as systems have it.
    private const int Burst = 100;

    /// <summary>The kinds of servers with different code for a response, by name.</summary>
    public static TheoryData<string> Kinds => ["Plain", "Format", "Transform", "Delay", "Responder", "ErrorResponse"];

    /// <summary>Addresses of this machine that a client and a server may have; a client at one of them may send to any other of its family.</summary>
    public static TheoryData<string, string> Addresses
    {
        get
        {
            var addresses = new TheoryData<string, string> { { "127.0.0.1", "127.0.0.1" } };
            if (!OperatingSystem.IsMacOS())
            {
                // All of 127.0.0.0/8 is this machine (RFC 1122, section 3.2.1.3), but for macOS.
                addresses.Add("127.0.0.1", "127.0.0.2");
                addresses.Add("127.0.0.2", "127.0.0.1");
                addresses.Add("127.1.2.3", "127.3.2.1");
            }

            if (Socket.OSSupportsIPv6)
            {
                addresses.Add("::1", "::1");
            }

            return addresses;
        }
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task A_server_on_all_addresses_responds_from_the_address_that_the_datagram_was_sent_to(string client, string asked)
    {
        foreach (var kind in new[] { "Plain", "Format", "Delay" })
        {
            using var server = Start(kind, "Any");
            using var socket = new Socket(IPAddress.Parse(client).AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(client), 0));

            // Since it is connected, it receives nothing from another address.
            socket.Connect(IPAddress.Parse(asked), server.Port);
            Assert.Equal("hello", await ExchangeAsync(socket, "hello"));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_empty_datagram_gets_an_empty_response_from_every_kind_of_server(string kind)
    {
        foreach (var address in new[] { "127.0.0.1", "Any" })
        {
            using var server = Start(kind, address);
            using var socket = Connect(server);
            Assert.Equal(string.Empty, await ExchangeAsync(socket, string.Empty));
            Assert.Equal("after it", await ExchangeAsync(socket, "after it"));
            var events = await server.UntilAsync(ServerEventKind.ResponseSent, 2);
            Assert.Equal([0, 8], events.Where(static e => e.Kind == "ResponseSent").Select(static e => e.Bytes));
        }
    }

    [Fact]
    public async Task A_session_carries_an_empty_datagram_both_ways()
    {
        using var server = Start("Format", "127.0.0.1");
        using var session = EchoSession.Connect(
            new SessionOptions { ComputerName = "127.0.0.1", Port = server.Port, Protocol = SocketProtocol.Udp, Framing = MessageFraming.None });
        var answer = await Task.Run(() => session.Send(string.Empty)).WaitAsync(Patience.Long);
        Assert.Equal(string.Empty, answer.Response);
        Assert.Equal((0, 0), (answer.BytesSent, answer.BytesReceived));
    }

    [Fact]
    public async Task A_responder_serves_one_peer_in_order_and_others_meanwhile()
    {
        using var answers = new Answers();
        using var server = Start(Options("127.0.0.1") with { Responder = answers });
        using var first = Connect(server);
        using var second = Connect(server);

        await SendAsync(first, "one");
        await answers.AskedAsync("one");
        await SendAsync(first, "two");
        await SendAsync(second, "meanwhile");
        await answers.AskedAsync("meanwhile");
        answers.Give("meanwhile");
        Assert.Equal("meanwhile", await ReceiveAsync(second));

        // The second message was received before that response.
        await server.UntilAsync(ServerEventKind.MessageReceived, 3);
        Assert.False(answers.WasAsked("two"));
        answers.Give("one");
        Assert.Equal("one", await ReceiveAsync(first));
        await answers.AskedAsync("two");
        answers.Give("two");
        Assert.Equal("two", await ReceiveAsync(first));
    }

    [Fact]
    public async Task Random_delays_keep_one_peers_responses_in_order()
    {
        using var server = Start(Options("127.0.0.1") with { MinDelayMilliseconds = 0, MaxDelayMilliseconds = 50 });
        using var socket = Connect(server);
        for (var i = 0; i < 50; i++)
        {
            await SendAsync(socket, $"{i}");
        }

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal($"{i}", await ReceiveAsync(socket));
        }
    }

    [Fact]
    public async Task A_responder_keeps_a_state_for_each_sender_and_cannot_close_what_is_no_connection()
    {
        var errors = new ConcurrentQueue<SocketToolsException>();
        using var server = Start(Options("127.0.0.1") with
        {
            Responder = new Responder(message =>
            {
                errors.Enqueue(Assert.Throws<SocketToolsException>(message.Close));
                errors.Enqueue(Assert.Throws<SocketToolsException>(message.Reset));
                message.State["Count"] = (int)(message.State["Count"] ?? 0) + 1;
                message.Trace("counted");
                message.ReportError("though");
                return Task.FromResult<byte[]?>(Encoding.UTF8.GetBytes($"{message.State["Count"]}"));
            }),
        });
        using var first = Connect(server);
        using var second = Connect(server);
        Assert.Equal(["1", "2", "1", "3"], [await ExchangeAsync(first, "a"), await ExchangeAsync(first, "b"), await ExchangeAsync(second, "c"), await ExchangeAsync(first, "d")]);
        Assert.All(errors, static error => Assert.Equal(SocketToolsError.InvalidOption, error.Error));
        var events = await server.UntilAsync(ServerEventKind.ResponseSent, 4);
        Assert.Equal("MessageReceived Trace Error/ResponderError ResponseSent", events.Story(2));
    }

    [Fact]
    public async Task A_datagram_is_dropped_while_as_many_responses_are_pending_as_may_be()
    {
        using var server = Start(Options("127.0.0.1") with { MaxConnections = 1 });
        var delay = server.AddFault(new EchoServerFaultOptions { Kind = FaultKind.Delay, MinDelayMilliseconds = 600_000, MaxDelayMilliseconds = 600_000 });
        using var socket = Connect(server);
        await SendAsync(socket, "one");
        await server.UntilAsync(ServerEventKind.FaultStruck);
        await SendAsync(socket, "two");
        var rejected = (await server.UntilAsync(ServerEventKind.Rejected)).Single(static e => e.Kind == "Rejected");
        Assert.Equal("TooManyResponses", rejected.Reason);

        // The delay of the first ends with its fault.
        Assert.True(delay.Remove());
        Assert.Equal("one", await ReceiveAsync(socket));

        // The first is pending until its send has returned, which its client may forestall: what is dropped meanwhile is sent again.
        var response = ReceiveAsync(socket);
        for (var rejections = 2; !response.IsCompleted; rejections++)
        {
            await SendAsync(socket, "three");
            await Task.WhenAny(response, server.UntilAsync(ServerEventKind.Rejected, rejections));
        }

        Assert.Equal("three", await response);
    }

    [Theory]
    [InlineData("Plain")]
    [InlineData("Format")]
    [InlineData("Delay")]
    public async Task Every_datagram_of_a_burst_is_answered_and_in_the_journal(string kind)
    {
        using var server = Start(kind, "127.0.0.1");
        using var first = Connect(server);
        using var second = Connect(server);
        for (var i = 0; i < Burst / 2; i++)
        {
            // With empty ones among them.
            await SendAsync(first, new string('a', i % 7));
            await SendAsync(second, $"{i}");
        }

        var bytes = 0;
        for (var i = 0; i < Burst / 2; i++)
        {
            Assert.Equal(new string('a', i % 7), await ReceiveAsync(first));
            Assert.Equal($"{i}", await ReceiveAsync(second));
            bytes += (i % 7) + $"{i}".Length;
        }

        var events = await server.UntilAsync(ServerEventKind.ResponseSent, Burst);
        foreach (var direction in new[] { "MessageReceived", "ResponseSent" })
        {
            var ofSecond = events.Where(e => e.Kind == direction && e.ConnectionId == 2).Select(static e => e.Message);
            Assert.Equal(Enumerable.Range(0, Burst / 2).Select(static i => $"{i}"), ofSecond);
        }

        Assert.Equal((Burst, bytes, bytes), (server.MessagesReceived, server.BytesReceived, server.BytesSent));
        Assert.Equal(0, server.Errors);
    }

    [Fact]
    public async Task A_fault_that_is_added_between_two_datagrams_keeps_their_order()
    {
        using var server = Start("Plain", "127.0.0.1");
        using var socket = Connect(server);
        server.AddFault(new() { Kind = FaultKind.Duplicate, After = Burst / 2, Count = 1 });
        for (var i = 0; i < Burst; i++)
        {
            await SendAsync(socket, $"{i}");
        }

        var received = new List<int>();
        for (var i = 0; i <= Burst; i++)
        {
            received.Add(int.Parse(await ReceiveAsync(socket), System.Globalization.CultureInfo.InvariantCulture));
        }

        Assert.Equal([.. Enumerable.Range(0, Burst).Append(Burst / 2).Order()], received);
    }

    [Fact]
    public async Task A_response_that_is_too_long_for_a_datagram_is_an_error_of_that_message_alone()
    {
        using var server = Start(Options("127.0.0.1") with { ResponseFormat = "{Message}{Message}" });
        using var socket = Connect(server);
        await SendAsync(socket, new string('x', 60000));
        await SendAsync(socket, "ha");
        Assert.Equal("haha", await ReceiveAsync(socket));
        var error = Assert.Single(await server.UntilAsync(ServerEventKind.ResponseSent), static e => e.Kind == "Error");
        Assert.Equal(("MessageTooLarge", (int?)1), (error.Reason, error.ConnectionId));
    }

    [Fact]
    public async Task The_address_that_was_asked_is_known_to_formats()
    {
        using var server = Start(Options("Any") with { ResponseFormat = "{LocalAddress}" });
        using var socket = Connect(server);
        Assert.Equal("127.0.0.1", await ExchangeAsync(socket, "who"));
        using var single = Start(Options("127.0.0.1") with { ResponseFormat = "{LocalAddress}" });
        using var other = Connect(single);
        Assert.Equal("127.0.0.1", await ExchangeAsync(other, "who"));
    }

    [Fact]
    public async Task A_stop_needs_no_pause_of_the_senders()
    {
        using var server = Start("Plain", "127.0.0.1");
        using var socket = Connect(server);
        using var stopped = new CancellationTokenSource();
        Assert.Equal("first", await ExchangeAsync(socket, "first"));
        var sending = Task.Run(() =>
        {
            while (!stopped.IsCancellationRequested)
            {
                try
                {
                    socket.Send("more"u8.ToArray());
                }
                catch (SocketException)
                {
                    // The server's socket is closed.
                }
            }
        });
        await server.UntilAsync(ServerEventKind.ResponseSent, 100);
        await server.StopAsync(TimeSpan.FromSeconds(5)).WaitAsync(Patience.Long);
        await stopped.CancelAsync();
        await sending.WaitAsync(Patience.Long);
        Assert.Equal(("Stopped", 0L), (server.State, server.Errors));
    }

    private static EchoServerOptions Options(string address) => new() { Address = address, Protocol = SocketProtocol.Udp };

    private EchoServer Start(EchoServerOptions options)
    {
        // Responders are served by one transport only.
        var chosen = options.Responder is null ? transport : "Async";
        var server = EchoServer.Start(options with { Transport = chosen });
        Assert.Equal(chosen, server.Transport);
        return server;
    }

    private EchoServer Start(string kind, string address)
    {
        var options = Options(address);
        return Start(kind switch
        {
            "Plain" => options,
            "Format" => options with { ResponseFormat = "{Message}" },
            "Transform" => options with { Transform = ResponseTransform.Lower },
            "Delay" => options with { MinDelayMilliseconds = 1, MaxDelayMilliseconds = 1 },
            "Responder" => options with { Responder = new Responder(static message => Task.FromResult<byte[]?>(message.Content)) },
            _ => options with
            {
                ErrorResponse = string.Empty,
                Responder = new Responder(static message =>
                    message.Bytes == 0 ? throw new InvalidOperationException("no good") : Task.FromResult<byte[]?>(message.Content)),
            },
        });
    }

    private static Socket Connect(EchoServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, server.Port);
        return socket;
    }

    private static async Task<string> ExchangeAsync(Socket socket, string message)
    {
        await SendAsync(socket, message);
        return await ReceiveAsync(socket);
    }

    private static async Task SendAsync(Socket socket, string message) =>
        await socket.SendAsync(Encoding.UTF8.GetBytes(message), SocketFlags.None).WaitAsync(Patience.Long);

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[ushort.MaxValue];
        var count = await socket.ReceiveAsync(buffer, SocketFlags.None).WaitAsync(Patience.Long);
        return Encoding.UTF8.GetString(buffer, 0, count);
    }
}
