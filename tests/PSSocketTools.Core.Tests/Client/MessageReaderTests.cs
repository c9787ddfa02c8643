using System.Net;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Client;
using PSSocketTools.Framing;
using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Client;

public sealed class MessageReaderTests
{
    [Fact]
    public void Messages_are_assembled_from_segments_and_separated()
    {
        using var channel = new Script("o", "i\nol", "á\nrest");
        var reader = Reader(channel, MessageFraming.Line);

        Assert.True(reader.TryRead());
        Assert.Empty(Taken(reader));
        Assert.True(reader.HasBegun);
        Assert.False(reader.AwaitsPause);
        Assert.True(reader.TryRead());
        Assert.Equal(["oi"], Taken(reader));
        Assert.True(reader.TryRead());
        Assert.Equal(["olá"], Taken(reader));
        Assert.False(reader.TryRead());
        Assert.Equal(12, reader.BytesReceived);
    }

    [Fact]
    public void The_end_of_input_completes_the_rest_as_incomplete()
    {
        using var channel = new Script("mei", null);
        var reader = Reader(channel, MessageFraming.Line);

        Assert.True(reader.TryRead());
        Assert.Empty(Taken(reader));
        Assert.True(reader.TryRead());
        Assert.True(reader.HasEnded);
        Assert.True(reader.TryTake(out var rest));
        Assert.False(rest.Complete);
        Assert.False(reader.TryTake(out _));
    }

    [Fact]
    public void A_prefixed_message_cut_short_is_an_error()
    {
        using var channel = new Script("\0\0\0\u0009A", null);
        var reader = Reader(channel, MessageFraming.LengthPrefix);

        Assert.True(reader.TryRead());
        Assert.Empty(Taken(reader));
        Assert.True(reader.TryRead());
        Assert.Throws<FramingException>(() => reader.TryTake(out _));
    }

    [Theory]
    [InlineData(MessageFraming.None)]
    [InlineData(MessageFraming.Auto)]
    public void A_pause_ends_a_message_without_a_terminator(MessageFraming framing)
    {
        using var channel = new Script("sem ", "fim");
        var reader = Reader(channel, framing);

        Assert.True(reader.TryRead());
        Assert.Empty(Taken(reader));
        Assert.True(reader.AwaitsPause);
        Assert.True(reader.WaitForMore(null));
        Assert.True(reader.TryRead());
        Assert.Empty(Taken(reader));
        Assert.False(reader.WaitForMore(null));
        reader.EndMessage();
        Assert.True(reader.TryTake(out var message));
        Assert.True(message.Complete);
        Assert.Equal("sem fim", Text(message));
        Assert.False(reader.HasBegun);
        Assert.Empty(Taken(reader));
    }

    [Theory]
    [InlineData("um\r", "\ndois\r\n", "um|dois")]
    [InlineData("ol\u00c3", "\u00a1\n", "olá")]
    public void A_pause_inside_a_line_end_or_a_character_ends_no_message(string first, string second, string expected)
    {
        using var channel = new Script(first, second) { PausesFirst = 1 };
        var reader = Reader(channel, MessageFraming.Auto);
        Assert.True(reader.TryRead());
        Assert.Empty(Taken(reader));
        Assert.True(reader.WaitForMore(null));
        Assert.Equal(2, channel.Waits.Count);
        Assert.InRange(channel.Waits[0], 0, SessionOptions.DefaultIdleGapMilliseconds);
        Assert.InRange(channel.Waits[1], SessionOptions.DefaultIdleGapMilliseconds + 1, FrameReader.MidCharacterWaitMilliseconds);
        Assert.True(reader.TryRead());
        Assert.Equal(expected, string.Join('|', Taken(reader)));
    }

    [Fact]
    public void A_late_line_feed_is_not_the_response_to_the_next_message()
    {
        using var channel = new Script("um\r", "\n", "dois\n") { PausesFirst = 2 };
        var reader = Reader(channel, MessageFraming.Auto);
        Assert.True(reader.TryRead());
        Assert.Empty(Taken(reader));
        Assert.False(reader.WaitForMore(null));
        reader.EndMessage();
        Assert.Equal(["um\r"], Taken(reader));
        Assert.True(reader.TryRead());
        Assert.Empty(Taken(reader));
        Assert.False(reader.HasBegun);
        Assert.True(reader.TryRead());
        Assert.Equal(["dois"], Taken(reader));
    }

    [Fact]
    public void Each_datagram_is_a_message_an_empty_one_too()
    {
        using var channel = new Script("um\ndois", string.Empty);
        var reader = Reader(channel, new SessionOptions { Protocol = SocketProtocol.Udp, Framing = MessageFraming.None });

        Assert.True(reader.TryRead());
        Assert.Equal(["um\ndois"], Taken(reader));
        Assert.True(reader.TryRead());
        Assert.Equal([string.Empty], Taken(reader));
        Assert.False(reader.HasEnded);
    }

    private static MessageReader Reader(BlockingChannel channel, MessageFraming framing) => Reader(channel, new SessionOptions { Framing = framing });

    private static MessageReader Reader(BlockingChannel channel, SessionOptions options) => new(new SessionContext(options, options), channel);

    private static List<string> Taken(MessageReader reader)
    {
        var taken = new List<string>();
        while (reader.TryTake(out var frame))
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
                return NoData;
            }

            return _pieces.Dequeue() is { } piece ? Bytes(piece, buffer) : EndOfStream;
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
