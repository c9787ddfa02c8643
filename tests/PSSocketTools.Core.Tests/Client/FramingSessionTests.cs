using System.Text;
using Xunit;

namespace PSSocketTools.Tests.Client;

/// <summary>What a session makes of -LineEnding and -Delimiter, held against bare sockets and our server.</summary>
public sealed class FramingSessionTests
{
    [Theory]
    [InlineData(null, "one\n")]
    [InlineData(LineEnding.Lf, "one\n")]
    [InlineData(LineEnding.CrLf, "one\r\n")]
    public void A_line_is_sent_with_its_ending_and_any_ending_is_received(LineEnding? lineEnding, string sent)
    {
        var received = string.Empty;
        using var server = BareServer.Play(peer =>
        {
            received = peer.ReceiveLines(1);
            peer.Send("a\nb\r\n");
            peer.StayUntilTheEnd();
        });
        using var session = server.Connect(options => options with { LineEnding = lineEnding });

        var answer = session.Send("one");
        Assert.Equal("a", answer.Response);
        Assert.Equal(sent.Length, answer.BytesSent);
        Assert.Equal("b", session.Receive(Patience.Long).Response);
        Assert.Equal(sent, received);
    }

    [Fact]
    public void A_message_that_ends_in_CR_comes_back_whole_where_CRLF_ends_it()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect(static options => options with { LineEnding = LineEnding.CrLf });

        Assert.Equal("a\r", session.Send("a\r").Response);
        Assert.Equal(SocketToolsError.MessageNotCarried, Assert.Throws<SocketToolsException>(() => session.Send("a\r\nb")).Error);
    }

    [Fact]
    public void A_delimited_answer_is_found_wherever_it_is_split_and_what_follows_it_too()
    {
        var answer = Encoding.UTF8.GetBytes("aaab-one aab");
        for (var cut = 0; cut < answer.Length; cut++)
        {
            using var server = BareServer.Play(peer =>
            {
                peer.Receive();
                peer.Send(answer[..cut]);
                peer.Send(answer[cut..]);
                peer.Send("restaa");
            });
            using var session = server.Connect(Delimited("aab"));

            Assert.Equal("a", session.Send("hi").Response);
            Assert.Equal(("-one ", true), Received(session));
            Assert.Equal(("restaa", false), Received(session));
            Assert.Equal("ServerClosed", session.Reason);
        }
    }

    [Theory]
    [InlineData("\0", "a\0b")]
    [InlineData("\0", "\0")]
    [InlineData("aa", "xa")]
    [InlineData("abab", "xxab")]
    public void A_message_that_would_be_cut_is_refused_before_a_byte_is_sent(string delimiter, string message)
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect(Delimited(delimiter));

        var refusal = Assert.Throws<SocketToolsException>(() => session.Send(message));
        Assert.Equal(SocketToolsError.MessageNotCarried, refusal.Error);
        Assert.Equal(0, session.BytesSent);
        Assert.Equal("fine", session.Send("fine").Response);
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("0123456789abcdef")]
    public void Messages_in_flight_get_their_answers_in_order(string delimiter)
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var session = server.Connect(Delimited(delimiter));
        using var window = new SendWindow(session, 100, Patience.Long, CancellationToken.None);
        foreach (var number in Enumerable.Range(0, 100))
        {
            window.Add(new string('x', number * 7) + number, asBytes: false);
        }

        for (var number = 0; window.Take(out var exchange); number++)
        {
            Assert.Null(exchange.Error);
            Assert.Equal(exchange.Message, exchange.Result!.Response);
            Assert.Equal(exchange.BytesSent, exchange.Result.BytesReceived);
        }
    }

    [Fact]
    public void Options_of_another_framing_are_refused()
    {
        var delimiter = new MessageDelimiter([0]);
        SessionOptions[] refused =
        [
            new() { Framing = MessageFraming.Delimiter },
            new() { Delimiter = delimiter },
            new() { Framing = MessageFraming.Delimiter, Delimiter = delimiter, LineEnding = LineEnding.CrLf },
            new() { Framing = MessageFraming.LengthPrefix, LineEnding = LineEnding.Lf },
            new() { Framing = MessageFraming.None, LineEnding = LineEnding.CrLf },
            new() { Protocol = SocketProtocol.Udp, Framing = MessageFraming.None, LineEnding = LineEnding.CrLf },
            new() { Protocol = SocketProtocol.Udp, Framing = MessageFraming.Delimiter, Delimiter = delimiter },
        ];
        Assert.All(refused, static options => Assert.Equal(
            SocketToolsError.InvalidOption, Assert.Throws<SocketToolsException>(() => EchoSession.Connect(options with { Port = 7 })).Error));
    }

    private static Func<SessionOptions, SessionOptions> Delimited(string delimiter) => options => options with
    {
        Framing = MessageFraming.Delimiter, Delimiter = new MessageDelimiter(delimiter, Encoding.UTF8),
    };

    private static (object? Response, bool Complete) Received(EchoSession session)
    {
        var message = session.Receive(Patience.Long);
        return (message.Response, message.Complete);
    }
}
