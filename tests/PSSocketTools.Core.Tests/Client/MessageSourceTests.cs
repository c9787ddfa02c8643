using System.Net;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Client;
using PSSocketTools.Framing;
using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Client;

public sealed class MessageSourceTests
{
    [Fact]
    public void Messages_are_assembled_from_segments_and_separated()
    {
        using var channel = new Script("o", "i\nol", "á\nrest");
        var source = Source(channel, MessageFraming.Line);

        Assert.True(source.TryRead());
        Assert.Empty(Taken(source));
        Assert.True(source.HasBegun);
        Assert.False(source.AwaitsPause);
        Assert.True(source.TryRead());
        Assert.Equal(["oi"], Taken(source));
        Assert.True(source.TryRead());
        Assert.Equal(["olá"], Taken(source));
        Assert.False(source.TryRead());
        Assert.Equal(12, source.BytesReceived);
    }

    [Fact]
    public void The_end_of_input_completes_the_rest_as_incomplete()
    {
        using var channel = new Script("mei", null);
        var source = Source(channel, MessageFraming.Line);

        Assert.True(source.TryRead());
        Assert.Empty(Taken(source));
        Assert.True(source.TryRead());
        Assert.True(source.HasEnded);
        Assert.True(source.TryTake(out var rest));
        Assert.False(rest.Complete);
        Assert.False(source.TryTake(out _));
    }

    [Fact]
    public void A_prefixed_message_cut_short_is_an_error()
    {
        using var channel = new Script("\0\0\0\u0009A", null);
        var source = Source(channel, MessageFraming.LengthPrefix);

        Assert.True(source.TryRead());
        Assert.Empty(Taken(source));
        Assert.True(source.TryRead());
        Assert.Throws<FramingException>(() => source.TryTake(out _));
    }

    [Theory]
    [InlineData(MessageFraming.None)]
    [InlineData(MessageFraming.Auto)]
    public void A_pause_ends_a_message_without_a_terminator(MessageFraming framing)
    {
        using var channel = new Script("sem ", "fim");
        var source = Source(channel, framing);

        Assert.True(source.TryRead());
        Assert.Empty(Taken(source));
        Assert.True(source.AwaitsPause);
        Assert.True(source.WaitForMore(null));
        Assert.True(source.TryRead());
        Assert.Empty(Taken(source));
        Assert.False(source.WaitForMore(null));
        source.EndMessage();
        Assert.True(source.TryTake(out var message));
        Assert.True(message.Complete);
        Assert.Equal("sem fim", Text(message));
        Assert.False(source.HasBegun);
        Assert.Empty(Taken(source));
    }

    [Theory]
    [InlineData("um\r", "\ndois\r\n", "um|dois")]
    [InlineData("ol\u00c3", "\u00a1\n", "olá")]
    public void A_pause_inside_a_line_end_or_a_character_ends_no_message(string first, string second, string expected)
    {
        using var channel = new Script(first, second) { PausesFirst = 1 };
        var source = Source(channel, MessageFraming.Auto);
        Assert.True(source.TryRead());
        Assert.Empty(Taken(source));
        Assert.True(source.WaitForMore(null));
        Assert.Equal(2, channel.Waits.Count);
        Assert.InRange(channel.Waits[0], 0, SessionOptions.DefaultIdleGapMilliseconds);
        Assert.InRange(channel.Waits[1], SessionOptions.DefaultIdleGapMilliseconds + 1, FrameReader.MidCharacterWaitMilliseconds);
        Assert.True(source.TryRead());
        Assert.Equal(expected, string.Join('|', Taken(source)));
    }

    [Fact]
    public void A_late_line_feed_is_not_the_response_to_the_next_message()
    {
        using var channel = new Script("um\r", "\n", "dois\n") { PausesFirst = 2 };
        var source = Source(channel, MessageFraming.Auto);
        Assert.True(source.TryRead());
        Assert.Empty(Taken(source));
        Assert.False(source.WaitForMore(null));
        source.EndMessage();
        Assert.Equal(["um\r"], Taken(source));
        Assert.True(source.TryRead());
        Assert.Empty(Taken(source));
        Assert.False(source.HasBegun);
        Assert.True(source.TryRead());
        Assert.Equal(["dois"], Taken(source));
    }

    [Fact]
    public void Each_datagram_is_a_message_an_empty_one_too()
    {
        using var channel = new Script("um\ndois", string.Empty);
        var source = Source(channel, new SessionOptions { Protocol = SocketProtocol.Udp, Framing = MessageFraming.None });

        Assert.True(source.TryRead());
        Assert.Equal(["um\ndois"], Taken(source));
        Assert.True(source.TryRead());
        Assert.Equal([string.Empty], Taken(source));
        Assert.False(source.HasEnded);
    }

    private static MessageSource Source(BlockingChannel channel, MessageFraming framing) => Source(channel, new SessionOptions { Framing = framing });

    private static MessageSource Source(BlockingChannel channel, SessionOptions options) => new(new SessionFacts(options, options), channel);

    private static List<string> Taken(MessageSource source)
    {
        var taken = new List<string>();
        while (source.TryTake(out var frame))
        {
            taken.Add(Text(frame));
        }

        return taken;
    }

    private static string Text(in Frame frame) => Encoding.UTF8.GetString(frame.Buffer, frame.Offset, frame.Count);

    /// <summary>A channel that gives out one piece a read; null is the end.</summary>
    private sealed class Script(params string?[] pieces)
        : BlockingChannel(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp), new IPEndPoint(IPAddress.Loopback, 7))
    {
        private readonly Queue<string?> _pieces = new(pieces);

        public List<int> Waits { get; } = [];

        public int PausesFirst { get; init; }

        public override int TryRead(byte[] buffer)
        {
            if (_pieces.Count == 0)
            {
                return Nothing;
            }

            return _pieces.Dequeue() is { } piece ? Bytes(piece, buffer) : End;
        }

        public override int Read(byte[] buffer, Deadline deadline) => TryRead(buffer);

        public override bool WaitReadable(Deadline deadline, Waker? waker)
        {
            Waits.Add(deadline.Milliseconds);
            return Waits.Count > PausesFirst && _pieces.Count > 0;
        }

        // A piece of bytes that are no UTF-8 by themselves is written as those bytes.
        private static int Bytes(string piece, byte[] buffer) =>
            (piece.Contains('\u00c3', StringComparison.Ordinal) || piece.StartsWith('\u00a1') ? Encoding.Latin1 : Encoding.UTF8).GetBytes(piece, 0, piece.Length, buffer, 0);

        public override void Write(byte[] buffer, int offset, int count)
        {
        }
    }
}
