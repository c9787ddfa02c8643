using System.Text;
using PSSocketTools.Framing;

namespace PSSocketTools.Tests.Framing;

/// <summary>A message as a test compares it: the bytes as Latin-1 text, so that each byte is a character.</summary>
internal sealed record Read(string Text, Terminator Terminator, bool Complete = true)
{
    public static Read Of(Frame frame) =>
        new(Encoding.Latin1.GetString(frame.Buffer, frame.Offset, frame.Count), frame.Terminator, frame.Complete);

    /// <summary>Feeds the chunks as receives would, each in a buffer that is reused and so overwritten between them.</summary>
    public static List<Read> All(MessageFraming framing, IEnumerable<byte[]> chunks, int maxMessageBytes = 1 << 20, bool atEnd = true, string? delimiter = null)
    {
        using var reader = new FrameReader(framing, maxMessageBytes, delimiter: delimiter is null ? null : new MessageDelimiter(Bytes(delimiter)));
        var reads = new List<Read>();
        foreach (var chunk in chunks)
        {
            Feed(reader, chunk, reads);
        }

        if (atEnd && reader.TryReadRest(complete: false, out var rest))
        {
            reads.Add(Of(rest));
        }

        return reads;
    }

    /// <summary>One receive: fed, read out, and its buffer overwritten.</summary>
    public static void Feed(FrameReader reader, byte[] chunk, List<Read> reads)
    {
        var buffer = new byte[chunk.Length + 7];
        chunk.CopyTo(buffer, 3);
        reader.Feed(buffer, 3, chunk.Length);
        while (reader.TryRead(out var frame))
        {
            reads.Add(Of(frame));
        }

        Array.Fill(buffer, (byte)'!');
    }

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
