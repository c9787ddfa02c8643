using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace PSSocketTools.Tests.Client;

public sealed class EchoSessionTests
{
    [Fact]
    public void A_response_has_its_byte_counts_and_round_trip_time()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect();

        var answer = session.Send("olá, mundo 👋");

        Assert.Equal("olá, mundo 👋", answer.Message);
        Assert.Equal("olá, mundo 👋", answer.Response);
        Assert.True(answer.Complete);
        Assert.Equal(17, answer.BytesSent);
        Assert.Equal(17, answer.BytesReceived);
        Assert.True(answer.RoundTripMilliseconds > 0);
        Assert.Equal(7, answer.SessionId);
        Assert.Equal("Open", session.State);
        Assert.Equal(1, session.MessagesSent);
        Assert.Equal(1, session.MessagesReceived);
    }

    [Fact]
    public void Requiring_a_closed_session_to_be_open_is_an_error_that_says_so()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        var session = server.Connect();
        session.RequireOpen();
        session.Dispose();

        var exception = Assert.Throws<SocketToolsException>(session.RequireOpen);

        Assert.Equal((SocketToolsError.SessionClosed, session), (exception.Error, exception.Target));
    }

    [Theory]
    [InlineData("us-ascii", false)]
    [InlineData("utf-8", true)]
    public void Bytes_that_are_not_valid_in_the_encoding_show_as_the_replacement_character(string encoding, bool strict)
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Send([0x61, 0xFF, 0x0A]);
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect(options => options with
        {
            Encoding = strict
                ? Encoding.GetEncoding(encoding, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
                : Encoding.GetEncoding(encoding),
        });

        Assert.Equal("a\uFFFD", session.Send("x").Response);
    }

    [Fact]
    public void A_byte_order_mark_that_a_server_writes_first_is_in_the_bytes_and_not_in_the_text()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Send([0xEF, 0xBB, 0xBF, (byte)'o', (byte)'i', (byte)'\n']);
            foreach (var _ in Enumerable.Range(0, 2))
            {
                peer.Receive();
                peer.Send([0xEF, 0xBB, 0xBF, (byte)'a', (byte)'\n']);
            }

            peer.StayUntilTheEnd();
        });
        using var session = server.Connect();

        Assert.Equal("oi", session.Receive(Patience.Long)!.Response);
        Assert.Equal("a", session.Send("x").Response);
        Assert.Equal((byte[])[0xEF, 0xBB, 0xBF, (byte)'a'], session.Send("x"u8.ToArray()).Response);
    }

    [Theory]
    [InlineData(MessageFraming.Line)]
    [InlineData(MessageFraming.LengthPrefix)]
    public void An_empty_message_is_one_where_the_framing_can_carry_it(MessageFraming framing)
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect(o => o with { Framing = framing });

        Assert.Equal(string.Empty, session.Send(string.Empty).Response);
    }

    [Theory]
    [InlineData(MessageFraming.Line)]
    [InlineData(MessageFraming.LengthPrefix)]
    public void A_response_in_single_bytes_is_assembled(MessageFraming framing)
    {
        using var server = BareServer.Play(peer =>
        {
            var message = new byte[100];
            var count = peer.Socket.Receive(message);
            for (var at = 0; at < count; at++)
            {
                peer.Socket.Send(message, at, 1, SocketFlags.None);
            }

            peer.StayUntilTheEnd();
        });
        using var session = server.Connect(options => options with { Framing = framing });

        Assert.Equal("péça por peça", session.Send("péça por peça").Response);
    }

    [Fact]
    public void Two_responses_in_one_segment_complete_their_requests()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.ReceiveLines(2);
            peer.Send("um\ndois\n");
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect();
        using var window = new SendWindow(session, 2, null, CancellationToken.None);
        window.Add("1", asBytes: false);
        window.Add("2", asBytes: false);

        Assert.Equal(["um", "dois"], TakeAll(window).Select(exchange => exchange.Result!.Response));
    }

    [Fact]
    public void Half_a_line_before_the_end_is_delivered_as_incomplete()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Send("mei");
        });
        using var session = server.Connect();

        var answer = session.Send("inteiro");

        Assert.Equal("mei", answer.Response);
        Assert.False(answer.Complete);
        Assert.Equal("Closed", session.State);
        Assert.Equal("ServerClosed", session.Reason);
    }

    [Fact]
    public void Half_a_prefixed_message_before_the_end_is_an_error()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Send([0, 0, 0, 7, (byte)'m', (byte)'e']);
        });
        using var session = server.Connect(options => options with { Framing = MessageFraming.LengthPrefix });

        var error = Assert.Throws<SocketToolsException>(() => session.Send("inteiro"));

        Assert.Equal(SocketToolsError.InvalidMessage, error.Error);
        Assert.Equal("Faulted", session.State);
        Assert.Equal("InvalidMessage", session.Reason);
    }

    [Fact]
    public void A_server_that_closes_instead_of_responding_is_an_error_that_says_so()
    {
        using var server = BareServer.Play(peer => peer.Receive());
        using var session = server.Connect();

        var error = Assert.Throws<SocketToolsException>(() => session.Send("oi"));

        Assert.Equal(SocketToolsError.ServerClosed, error.Error);
        Assert.Same(session, error.Target);
        Assert.Equal("Closed", session.State);
        Assert.Equal(SocketToolsError.SessionClosed, Assert.Throws<SocketToolsException>(() => session.Send("oi")).Error);
    }

    [Fact]
    public async Task A_close_while_no_request_is_pending_is_detected()
    {
        using var server = BareServer.Play(peer => { });
        using var session = server.Connect();
        await server.Done;

        var error = Assert.Throws<SocketToolsException>(() => session.Receive(TimeSpan.FromSeconds(30)));

        Assert.Equal(SocketToolsError.ServerClosed, error.Error);
        Assert.Equal("ServerClosed", session.Reason);
        Assert.Equal(
            SocketToolsError.SessionClosed, Assert.Throws<SocketToolsException>(() => session.Receive(TimeSpan.FromSeconds(30))).Error);
    }

    [Theory]
    [InlineData(false, "Closed", "ServerClosed")]
    [InlineData(true, "Faulted", "Reset")]
    public async Task The_end_of_a_session_is_detected_by_its_methods_and_not_by_its_properties(bool resets, string state, string reason)
    {
        using var server = BareServer.Play(peer =>
        {
            if (resets)
            {
                peer.Reset();
            }
            else
            {
                peer.Send("adeus\n");
            }
        });
        using var session = server.Connect();
        await server.Done;

        foreach (var property in typeof(EchoSession).GetProperties())
        {
            _ = property.GetValue(session);
        }

        Assert.Equal("Open", session.State);
        Assert.Null(session.Reason);
        Assert.Equal(0, session.BytesReceived);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                session.Refresh();
                return session.State != "Open";
            },
            Patience.Long));
        Assert.Equal(state, session.State);
        Assert.Equal(reason, session.Reason);
        if (!resets)
        {
            Assert.Equal("adeus", session.Receive(Patience.Long).Response);
        }
    }

    [Theory]
    [InlineData(false, SocketToolsError.ServerClosed, SocketToolsError.SessionClosed)]
    [InlineData(true, SocketToolsError.ConnectionReset, SocketToolsError.SessionFaulted)]
    public async Task A_pending_request_fails_with_how_the_server_disconnected_and_later_ones_with_that_it_has(
        bool resets, SocketToolsError first, SocketToolsError later)
    {
        using var listening = new SemaphoreSlim(0);
        using var server = BareServer.Play(peer =>
        {
            peer.Send("oi\n");
            listening.Wait();
            if (resets)
            {
                peer.Reset();
            }
        });
        using var session = server.Connect();
        session.Receive(TimeSpan.FromSeconds(30));
        var receiving = Task.Run(() => session.Receive(TimeSpan.Zero));
        listening.Release();

        var error = await Assert.ThrowsAsync<SocketToolsException>(() => receiving);

        Assert.Equal(first, error.Error);
        Assert.Equal(later, Assert.Throws<SocketToolsException>(() => session.Receive(TimeSpan.Zero)).Error);
        Assert.Equal(later, Assert.Throws<SocketToolsException>(() => session.Send("oi")).Error);
    }

    [Fact]
    public async Task A_reset_at_once_is_an_error_that_says_so()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var address = OwnAddress.Pick();
        listener.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        listener.Listen(10);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var isDone = false;
        var resetting = Task.Factory.StartNew(
            () =>
            {
                while (true)
                {
                    using var client = listener.Accept();
                    if (Volatile.Read(ref isDone))
                    {
                        return;
                    }

                    client.LingerState = new LingerOption(true, 0);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        for (var round = 0; round < 200; round++)
        {
            // The reset may come before the connect has returned, or after.
            var error = Assert.Throws<SocketToolsException>(() =>
            {
                using var session = EchoSession.Connect(new SessionOptions { ComputerName = address, Port = port });
                Assert.Equal($"{address}:{port}", session.RemoteEndPoint);
                session.Send("oi");
            });
            Assert.Equal(SocketToolsError.ConnectionReset, error.Error);
        }

        Volatile.Write(ref isDone, true);
        using var last = new TcpClient(address, port);
        await resetting;
    }

    [Fact]
    public void A_reset_is_an_error_that_says_so()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Reset();
        });
        using var session = server.Connect();

        var error = Assert.Throws<SocketToolsException>(() => session.Send("oi"));

        Assert.Equal(SocketToolsError.ConnectionReset, error.Error);
        Assert.Equal("Faulted", session.State);
        Assert.Equal("Reset", session.Reason);
    }

    [Fact]
    public void A_missing_response_faults_the_session_and_says_why()
    {
        using var server = BareServer.Play(peer => peer.StayUntilTheEnd());
        using var session = server.Connect(options => options with { ResponseTimeout = TimeSpan.FromMilliseconds(50) });

        var error = Assert.Throws<SocketToolsException>(() => session.Send("oi"));

        Assert.Equal(SocketToolsError.ResponseTimeout, error.Error);
        Assert.Equal("Faulted", session.State);
        Assert.Equal("ResponseTimeout", session.Reason);
        var later = Assert.Throws<SocketToolsException>(() => session.Send("outra"));
        Assert.Equal(SocketToolsError.SessionFaulted, later.Error);
        Assert.EndsWith($": No answer came from 127.0.0.1:{server.Port} within 0.05 s.", later.Message, StringComparison.Ordinal);
        Assert.Same(error, later.InnerException);
    }

    [Fact]
    public void A_response_that_is_waited_for_some_time_may_still_come_later()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Receive();
            peer.Send("one\ntwo\n");
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect();
        using (var window = new SendWindow(session, 1, null, CancellationToken.None))
        {
            window.Add("first", asBytes: false);
            Assert.False(window.TryTake(TimeSpan.FromMilliseconds(1), out _));
        }

        Assert.Equal("Open", session.State);
        using (var window = new SendWindow(session, 1, null, CancellationToken.None))
        {
            window.Add("second", asBytes: false);
            Assert.True(window.TryTake(Timeout.InfiniteTimeSpan, out var second));
            Assert.Equal("two", second.Result!.Response);
        }

        var late = session.Receive();
        Assert.Equal(("first", "one"), (late.Message, late.Response));
        Assert.Equal("Open", session.State);
    }

    [Fact]
    public async Task A_response_that_another_reader_received_before_the_wait_was_given_up_is_its_senders()
    {
        using var mayAnswer = new ManualResetEventSlim();
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            mayAnswer.Wait();
            peer.Send("one\ntwo\n");
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect();
        using var window = new SendWindow(session, 1, null, CancellationToken.None);
        window.Add("first", asBytes: false);
        Assert.False(window.TryTake(TimeSpan.FromMilliseconds(1), out _));

        // The listener gets the second message, and has read the first on the way.
        var listening = Task.Run(() => session.Receive());
        mayAnswer.Set();
        Assert.Equal("two", (await listening).Response);

        Assert.True(window.TakeOrAbandon(out var exchange));
        Assert.Equal("one", exchange.Result!.Response);
    }

    [Fact]
    public void A_response_that_comes_after_the_wait_was_given_up_is_received()
    {
        using var mayAnswer = new ManualResetEventSlim();
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            mayAnswer.Wait();
            peer.Send("one\n");
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect();
        using var window = new SendWindow(session, 1, null, CancellationToken.None);
        window.Add("first", asBytes: false);
        Assert.False(window.TakeOrAbandon(out _));
        mayAnswer.Set();

        var late = session.Receive();
        Assert.Equal(("first", "one"), (late.Message, late.Response));
        Assert.False(window.TakeOrAbandon(out _));
        Assert.Equal("Open", session.State);
    }

    [Fact]
    public void A_session_that_ends_ends_a_wait_for_some_time()
    {
        using var server = BareServer.Play(peer => peer.Receive());
        using var session = server.Connect();
        using var window = new SendWindow(session, 1, null, CancellationToken.None);
        window.Add("oi", asBytes: false);

        Assert.True(window.TryTake(Timeout.InfiniteTimeSpan, out var exchange));

        Assert.Equal(SocketToolsError.ServerClosed, exchange.Error!.Error);
        Assert.Equal("Closed", session.State);
    }

    [Fact]
    public void A_wait_for_some_time_that_is_cancelled_faults_the_session()
    {
        using var stopping = new CancellationTokenSource();
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            stopping.Cancel();
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect();
        using var window = new SendWindow(session, 1, null, stopping.Token);
        window.Add("oi", asBytes: false);

        Exchange? taken = null;
        var thrown = Record.Exception(() => window.TryTake(Timeout.InfiniteTimeSpan, out taken));

        // Cancelled before the wait begins, the exchange has the error and there is nothing to wait for.
        Assert.True(thrown is OperationCanceledException || taken!.Error!.Error == SocketToolsError.Interrupted);
        Assert.Equal("Interrupted", session.Reason);
    }

    [Fact]
    public void An_incomplete_response_is_a_timeout()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Send("mei");
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect(options => options with { ResponseTimeout = TimeSpan.FromMilliseconds(100) });

        Assert.Equal(SocketToolsError.ResponseTimeout, Assert.Throws<SocketToolsException>(() => session.Send("oi")).Error);
    }

    [Theory]
    [InlineData(MessageFraming.Line, "12345", "5 bytes have arrived, without the end", "Framing None")]
    [InlineData(MessageFraming.LengthPrefix, "\0\0\0dabc", "7 bytes have arrived, and their length prefix", "Framing Line or None")]
    [InlineData(MessageFraming.Line, "", "waits for another end of the message than the LF that Line framing sends", "LineEnding CrLf for a server that waits for CRLF")]
    [InlineData(MessageFraming.None, "", "than None framing sends", "use the Framing")]
    [InlineData(MessageFraming.Delimiter, "", "than the delimiter '|'", "use the Delimiter or the Framing")]
    public void A_missing_answer_says_what_came_of_it_and_which_framing_to_try(MessageFraming framing, string answer, string says, string advises)
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Send(answer);
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect(options => options with
        {
            Framing = framing, ResponseTimeout = TimeSpan.FromMilliseconds(200),
            Delimiter = framing == MessageFraming.Delimiter ? new MessageDelimiter([(byte)'|']) : null,
        });
        if (answer.Length > 0)
        {
            WaitForBytes(session);
        }

        var error = Assert.Throws<SocketToolsException>(() => session.Send("oi"));

        Assert.Equal(SocketToolsError.ResponseTimeout, error.Error);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains(advises, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_received_before_a_message_are_not_its_response()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Send("bem-vindo\nsegunda linha\n");
            peer.EchoUntilEnd();
        });
        using var session = server.Connect();
        var greeting = await Task.Run(() => session.Receive(TimeSpan.FromSeconds(30)));

        Assert.Equal("bem-vindo", greeting.Response);
        Assert.Null(greeting.Message);
        Assert.Equal("oi", session.Send("oi").Response);
        Assert.Equal("segunda linha", session.TryReceive()!.Response);
        Assert.Null(session.TryReceive());
    }

    [Fact]
    public void The_rest_of_a_line_begun_before_a_message_is_not_its_response()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Send("come");
            peer.ReceiveLines(1);
            peer.Send("ça\nresposta\n");
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect();
        WaitForBytes(session);

        Assert.Equal("resposta", session.Send("oi").Response);
        Assert.Equal("começa", session.TryReceive()!.Response);
    }

    [Fact]
    public void Responses_to_messages_not_waited_for_are_read_first()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect();
        using var window = new SendWindow(session, 1, null, CancellationToken.None) { Response = ResponseHandling.Received };
        for (var number = 0; number < 100; number++)
        {
            var sent = window.Add("n" + number, asBytes: false);
            Assert.Null(sent.Result!.Response);
        }

        Assert.Equal("esta", session.Send("esta").Response);
        for (var number = 0; number < 100; number++)
        {
            var late = session.Receive(TimeSpan.FromSeconds(30));
            Assert.Equal("n" + number, late.Message);
            Assert.Equal("n" + number, late.Response);
        }
    }

    [Fact]
    public void A_message_without_a_response_that_the_server_does_not_read_ends_with_its_time_limit()
    {
        using var server = BareServer.Play(peer => peer.StayUntilTheEnd());
        using var session = server.Connect();
        using var window = new SendWindow(session, 1, TimeSpan.FromSeconds(0.5), CancellationToken.None) { Response = ResponseHandling.None };

        var error = window.Add(new byte[32 * 1024 * 1024], asBytes: true).Error;

        Assert.Equal(SocketToolsError.ResponseTimeout, error!.Error);
        Assert.Contains("did not take the message", error.Message, StringComparison.Ordinal);
        Assert.Equal(("Faulted", "ResponseTimeout"), (session.State, session.Reason));
    }

    [Fact]
    public async Task A_message_without_a_response_is_cancelled_while_the_server_does_not_read()
    {
        using var arrived = new ManualResetEventSlim();
        using var server = BareServer.Play(peer =>
        {
            if (peer.Socket.Poll(Patience.Long, SelectMode.SelectRead))
            {
                arrived.Set();
            }

            peer.StayUntilTheEnd();
        });
        using var session = server.Connect(options => options with { ResponseTimeout = TimeSpan.Zero });
        using var cancellation = new CancellationTokenSource();
        using var window = new SendWindow(session, 1, TimeSpan.Zero, cancellation.Token) { Response = ResponseHandling.None };
        var sending = Task.Run(() => window.Add(new byte[32 * 1024 * 1024], asBytes: true).Error);

        // It is larger than the buffers of both sides, so that it is still being sent.
        Assert.True(arrived.Wait(Patience.Long));
        cancellation.Cancel();

        Assert.Equal(SocketToolsError.Interrupted, (await sending.WaitAsync(Patience.Long))!.Error);
        Assert.Equal(("Faulted", "Interrupted"), (session.State, session.Reason));
    }

    [Fact]
    public void A_message_without_a_response_may_be_larger_than_the_buffers_of_a_server_that_echoes()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect(options => options with { Framing = MessageFraming.LengthPrefix });
        using var window = new SendWindow(session, 1, null, CancellationToken.None) { Response = ResponseHandling.None };
        var message = new byte[16 * 1024 * 1024];

        Assert.Null(window.Add(message, asBytes: true).Error);
        Assert.Equal(message, session.Receive(Patience.Long, asBytes: true).Response);
    }

    [Fact]
    public void A_line_without_an_end_is_refused_past_the_limit()
    {
        using var server = BareServer.Play(peer =>
        {
            var block = new byte[65536];
            peer.Receive();
            try
            {
                for (var sent = 0; sent < 100_000_000; sent += block.Length)
                {
                    peer.Socket.Send(block);
                }
            }
            catch (SocketException)
            {
                // The client has hung up, as it should.
            }
        });
        using var session = server.Connect(options => options with { MaxMessageBytes = 1_000_000 });
        var before = GC.GetTotalAllocatedBytes();

        var error = Assert.Throws<SocketToolsException>(() => session.Send("oi"));

        Assert.Equal(SocketToolsError.MessageTooLarge, error.Error);
        Assert.Equal("Faulted", session.State);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 50_000_000);
    }

    [Fact]
    public void Bytes_that_are_no_text_read_as_replacement_characters_and_are_never_lost()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Send([0x61, 0xff, 0xfe, 0x62, (byte)'\n']);
            peer.Receive();
            peer.Send([0x61, 0xff, 0xfe, 0x62, (byte)'\n']);
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect();

        Assert.Equal("a\ufffd\ufffdb", session.Send("texto").Response);
        Assert.Equal(new byte[] { 0x61, 0xff, 0xfe, 0x62 }, session.Send([1, 2]).Response);
    }

    [Fact]
    public void What_a_framing_cannot_carry_is_refused_before_a_byte_is_sent()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect(options => options with { MaxMessageBytes = 10 });

        Assert.Equal(SocketToolsError.MessageNotCarried, Assert.Throws<SocketToolsException>(() => session.Send("a\nb")).Error);
        Assert.Equal(SocketToolsError.MessageTooLarge, Assert.Throws<SocketToolsException>(() => session.Send("12345678901")).Error);
        Assert.Equal(0, session.BytesSent);
        Assert.Equal("ainda", session.Send("ainda").Response);
    }

    [Fact]
    public async Task Without_framing_a_response_ends_with_a_pause()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Send($"Servidor recebeu: '{peer.Receive()}'");
            peer.Receive();
            peer.Send("Servidor: Desconectando...");
        });
        using var session = server.Connect(options => options with { Framing = MessageFraming.None });

        Assert.Equal("Servidor recebeu: 'Olá, tudo bem?'", session.Send("Olá, tudo bem?").Response);
        Assert.Equal("Servidor: Desconectando...", session.Send("sair").Response);
        await server.Done;
        Assert.Equal("ServerClosed", session.Reason);
        Assert.Equal(SocketToolsError.SessionClosed, Assert.Throws<SocketToolsException>(() => session.Receive(TimeSpan.FromSeconds(30))).Error);
    }

    [Fact]
    public void Auto_framing_ends_a_response_with_a_line_end_or_a_pause()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Send("linha\r\n");
            peer.Receive();
            peer.Send("sem fim");
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect(options => options with { Framing = MessageFraming.Auto });

        Assert.Equal("linha", session.Send("1").Response);
        Assert.Equal("sem fim", session.Send("2").Response);
    }

    [Theory]
    [InlineData(MessageFraming.Line)]
    [InlineData(MessageFraming.LengthPrefix)]
    public void Sixty_four_mebibytes_are_echoed_by_a_server_that_blocks_while_its_responses_are_unread(MessageFraming framing)
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect(options => options with { Framing = framing });
        var bytes = new byte[64 * 1024 * 1024];
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] = (byte)(11 + (at * 31L % 200));
        }

        var answer = (byte[])session.Send(bytes).Response!;

        Assert.True(bytes.AsSpan().SequenceEqual(answer));
        Assert.Equal("Open", session.State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(5000)]
    public void A_window_returns_every_response_in_order(int size)
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect();
        using var window = new SendWindow(session, size, null, CancellationToken.None);
        var answers = new List<Exchange>();
        for (var number = 0; number < 20000; number++)
        {
            window.Add("mensagem " + number, asBytes: false);
            if (window.IsFull && window.Take(out var exchange))
            {
                answers.Add(exchange);
            }
        }

        answers.AddRange(TakeAll(window));

        Assert.Equal(20000, answers.Count);
        for (var number = 0; number < answers.Count; number++)
        {
            Assert.Equal("mensagem " + number, answers[number].Result?.Response);
        }
    }

    [Fact]
    public void A_window_flushes_when_the_sender_pauses()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect();
        using var window = new SendWindow(session, 64, null, CancellationToken.None);
        window.Add("só uma", asBytes: false);

        // Nobody takes the answer, and yet the message leaves.
        WaitForBytes(session);

        // The answer may be here before the sender has counted its message.
        Assert.True(SpinWait.SpinUntil(() => session.MessagesSent == 1, Patience.Long));
    }

    [Fact]
    public void Many_threads_share_a_session()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect();

        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
        {
            for (var number = 0; number < 500; number++)
            {
                var text = $"{thread}:{number}:{new string('x', number % 50)}";
                Assert.Equal(text, session.Send(text).Response);
            }
        });
        Assert.Equal(4000, session.MessagesReceived);
    }

    [Fact]
    public void Threads_with_large_and_small_messages_share_a_session()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect();

        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
        {
            for (var number = 0; number < 20; number++)
            {
                var text = new string((char)('a' + thread), thread % 2 == 0 ? 10 : 1_000_000);
                Assert.Equal(text, session.Send(text).Response);
            }
        });
    }

    [Fact]
    public async Task A_cancelled_wait_for_a_response_faults_the_session()
    {
        using var server = BareServer.Play(peer => peer.StayUntilTheEnd());
        using var session = server.Connect();
        using var stop = new CancellationTokenSource();
        var sending = Task.Run(() => session.Send("oi", stop.Token));
        while (session.MessagesSent == 0)
        {
            await Task.Yield();
        }

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("Faulted", session.State);
        Assert.Equal("Interrupted", session.Reason);
    }

    [Fact]
    public async Task A_cancelled_wait_for_an_unsolicited_message_leaves_the_session_open()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect();
        using var stop = new CancellationTokenSource();
        var receiving = Task.Run(() => session.Receive(TimeSpan.Zero, cancellationToken: stop.Token));

        Assert.Equal("antes", session.Send("antes").Response);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("Open", session.State);
        Assert.Equal("depois", session.Send("depois").Response);
    }

    [Fact]
    public async Task Close_ends_a_wait()
    {
        using var server = BareServer.Play(peer => peer.StayUntilTheEnd());
        using var session = server.Connect();
        var sending = Task.Run(() => session.Send("oi"));
        while (session.MessagesSent == 0)
        {
            await Task.Yield();
        }

        session.Close();

        var error = await Assert.ThrowsAsync<SocketToolsException>(() => sending.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(SocketToolsError.SessionClosed, error.Error);
        Assert.Equal("ClientClosed", session.Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Close_sends_a_FIN_or_a_reset(bool reset)
    {
        var seen = 0;
        SocketError error = default;
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Send("resposta que ninguém lê\n");
            try
            {
                seen = peer.Socket.Receive(new byte[10]);
            }
            catch (SocketException exception)
            {
                error = exception.SocketErrorCode;
            }
        });
        using var session = server.Connect();
        using (var window = new SendWindow(session, 1, null, CancellationToken.None) { Response = ResponseHandling.Received })
        {
            window.Add("oi", asBytes: false);
        }

        WaitForBytes(session);
        session.Close(reset);
        await server.Done.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(0, seen);
        Assert.Equal(reset ? SocketError.ConnectionReset : SocketError.Success, error);
        Assert.Equal("Closed", session.State);
        Assert.Equal("ClientClosed", session.Reason);
    }

    [Fact]
    public void Datagrams_are_messages_in_themselves()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var session = EchoSession.Connect(new SessionOptions
        {
            ComputerName = "127.0.0.1",
            Port = ((IPEndPoint)socket.LocalEndPoint!).Port,
            Protocol = SocketProtocol.Udp,
            Framing = MessageFraming.None,
        });
        var echoing = Task.Run(() =>
        {
            for (var count = 0; count < 3; count++)
            {
                EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                var buffer = new byte[65536];
                var length = socket.ReceiveFrom(buffer, ref from);
                socket.SendTo(buffer, length, SocketFlags.None, from);
            }
        });

        Assert.Equal("um\ndois", session.Send("um\ndois").Response);
        Assert.Equal(string.Empty, session.Send(string.Empty).Response);
        var big = new byte[SessionOptions.MaxDatagramBytes];
        Assert.Equal(big, session.Send(big).Response);
        Assert.Equal(SocketToolsError.MessageTooLarge, Assert.Throws<SocketToolsException>(() => session.Send(new byte[big.Length + 1])).Error);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", true)]
    [InlineData("::1", false)]
    public async Task A_datagram_that_one_address_of_a_name_refuses_is_sent_to_the_next(string address, bool waits)
    {
        // Nobody is there when the session opens, so that nothing tells which of the two it will be.
        var port = FreeDatagramPort();
        using var session = EchoSession.Connect(Datagrams("localhost", port));
        var server = EchoServer.Start(new EchoServerOptions { Address = address, Port = port, Protocol = SocketProtocol.Udp });

        if (waits)
        {
            Assert.Equal("um", session.Send("um").Response);
        }
        else
        {
            using var window = new SendWindow(session, 1, null, CancellationToken.None) { Response = ResponseHandling.Received };
            window.Add("um", asBytes: false);
            Assert.Equal("um", session.Receive(Patience.Long).Response);
        }

        Assert.Equal("dois", session.Send("dois").Response);
        Assert.Equal(server.EndPoint, session.RemoteEndPoint);
        Assert.Equal(2, session.MessagesSent);
        Assert.Equal(2, server.MessagesReceived);
        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public void A_datagram_that_every_address_of_a_name_refuses_is_refused()
    {
        using var session = EchoSession.Connect(Datagrams("localhost", FreeDatagramPort()));

        var error = Assert.Throws<SocketToolsException>(() => session.Send("oi"));

        Assert.Equal(SocketToolsError.ConnectionRefused, error.Error);
        Assert.Equal("Faulted", session.State);
    }

    [Fact]
    public async Task After_a_response_no_other_address_is_tried()
    {
        var port = FreeDatagramPort();
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Port = port, Protocol = SocketProtocol.Udp });
        using var session = EchoSession.Connect(Datagrams("localhost", port));
        Assert.Equal("um", session.Send("um").Response);
        await server.StopAsync(Patience.Long);
        var other = EchoServer.Start(new EchoServerOptions { Address = "::1", Port = port, Protocol = SocketProtocol.Udp });

        var error = Assert.Throws<SocketToolsException>(() => session.Send("dois"));

        Assert.Equal(SocketToolsError.ConnectionRefused, error.Error);
        Assert.Equal(0, other.MessagesReceived);
        await other.StopAsync(Patience.Long);
    }

    [Fact]
    public void A_datagram_to_a_closed_port_is_refused()
    {
        int port;
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        }

        using var session = EchoSession.Connect(new SessionOptions
        {
            ComputerName = "127.0.0.1", Port = port, Protocol = SocketProtocol.Udp, Framing = MessageFraming.None,
        });

        Assert.Equal(SocketToolsError.ConnectionRefused, Assert.Throws<SocketToolsException>(() => session.Send("oi")).Error);
    }

    [Fact]
    public void A_unix_socket_carries_a_session()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var options = new SessionOptions { Protocol = SocketProtocol.Unix, SocketPath = path };
        try
        {
            if (typeof(EchoSession).Assembly.GetReferencedAssemblies().Any(name => name.Name == "netstandard"))
            {
                Assert.Equal(SocketToolsError.NotSupported, Assert.Throws<SocketToolsException>(() => EchoSession.Connect(options)).Error);
                return;
            }

            using var session = EchoSession.Connect(options);
            using var peer = listener.Accept();
            var echoing = Task.Run(() =>
            {
                var buffer = new byte[100];
                peer.Send(buffer, peer.Receive(buffer), SocketFlags.None);
            });
            Assert.Equal("oi", session.Send("oi").Response);
            Assert.Equal(path, session.RemoteEndPoint);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Waits until bytes have come, without taking them from the session.</summary>
    private static void WaitForBytes(EchoSession session)
    {
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                session.Refresh();
                return session.BytesReceived > 0 || session.State != "Open";
            },
            TimeSpan.FromSeconds(30)));
    }

    private static List<Exchange> TakeAll(SendWindow window)
    {
        var all = new List<Exchange>();
        while (window.Take(out var exchange))
        {
            all.Add(exchange);
        }

        return all;
    }

    private static SessionOptions Datagrams(string computer, int port) => new()
    {
        ComputerName = computer, Port = port, Protocol = SocketProtocol.Udp, Framing = MessageFraming.None,
    };

    private static int FreeDatagramPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
