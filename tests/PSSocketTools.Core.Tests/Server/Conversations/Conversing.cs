using System.Text;
using CsCheck;
using PSSocketTools.Net;
using PSSocketTools.Server.Conversations;

namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>A conversation made at random: a server's options, and what a client sends in which pieces.</summary>
/// <param name="Framing">Where messages end.</param>
/// <param name="Delimiter">What ends messages under Delimiter framing.</param>
/// <param name="EncodingName">The encoding on the wire.</param>
/// <param name="Format">The response format; null for the bare message.</param>
/// <param name="Transform">What is done to a message first.</param>
/// <param name="DisconnectAfter">After how many messages the server ends the conversation; 0 for never.</param>
/// <param name="Pieces">What is sent; with framing None each piece is a message.</param>
internal sealed record Conversing(
    MessageFraming Framing, byte[]? Delimiter, string EncodingName, string? Format, ResponseTransform Transform, int DisconnectAfter, byte[][] Pieces)
{
    private const string Exit = "sair";
    private const string Farewell = "tchau";

    // What framings and encodings may fail on: line ends, parts of characters, bytes that are none, zeros, a word that ends a conversation.
    private static readonly Gen<byte[]> Scraps = Gen.OneOf(
        Gen.OneOf("\n", "\r", "\r\n", "a", "B", " ", "\0", "\uFEFF", Exit, "SAIR \n", "olá", "👋", "e\u0301", "ß").Select(Encoding.UTF8.GetBytes),
        Gen.OneOf<byte[]>([0xC3], [0xA1], [0xF0, 0x9F], [0xFF], [0xFE, 0xFF], [0xED, 0xA0, 0x80], [0, 0, 0, 1]),
        Gen.Byte.Array[0, 40]);

    private static readonly Gen<byte[]> Content = Scraps.Array[0, 12].Select(static scraps => scraps.SelectMany(static s => s).ToArray());

    /// <summary>Any conversation whose responses depend only on what is sent.</summary>
    public static readonly Gen<Conversing> Any =
        from framing in Gen.OneOf(MessageFraming.Line, MessageFraming.LengthPrefix, MessageFraming.Delimiter, MessageFraming.None)
        from delimiter in Delimiters
        from encoding in framing is MessageFraming.LengthPrefix or MessageFraming.Delimiter ? Gen.OneOf("utf-8", "iso-8859-1", "us-ascii", "utf-16") : Gen.OneOf("utf-8", "iso-8859-1", "us-ascii")
        from format in Gen.OneOf(null, "{0}", "<{0}>", "ção: {Message}!", "{{{0}}}")
        from transform in Gen.OneOf(ResponseTransform.None, ResponseTransform.Upper, ResponseTransform.Lower, ResponseTransform.Reverse)
        from limit in Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 4]))
        from sent in framing switch { MessageFraming.LengthPrefix => Prefixed, MessageFraming.Delimiter => Delimited(delimiter), _ => Content }
        from cuts in Gen.Int[0, Math.Max(0, sent.Length)].Array[0, 6]
        select new Conversing(framing, framing == MessageFraming.Delimiter ? delimiter : null, encoding, format, transform, limit, Cut(sent, cuts));

    // Ones that overlap themselves and what is sent, and any.
    private static Gen<byte[]> Delimiters => Gen.OneOf(
        Gen.OneOf("\0", "\r\n", "aa", "aab", "aB", "<|end|>", "\n\n", "á").Select(Encoding.UTF8.GetBytes), Gen.Byte.Array[1, 16]);

    /// <summary>Scraps with delimiters and parts of them between.</summary>
    private static Gen<byte[]> Delimited(byte[] delimiter) =>
        Gen.Frequency((2, Scraps), (2, Gen.Const(delimiter)), (1, Gen.Int[0, delimiter.Length - 1].Select(length => delimiter[..length])))
            .Array[0, 16].Select(static scraps => scraps.SelectMany(static s => s).ToArray());

    /// <summary>Messages with length prefixes; sometimes the last is cut short, or its prefix is out of range.</summary>
    private static Gen<byte[]> Prefixed =>
        from messages in Content.Array[0, 6]
        from tail in Gen.Frequency((6, Gen.Const<byte[]>([])), (1, Gen.Const<byte[]>([0, 0, 0, 9, 65])), (1, Gen.Const<byte[]>([0x80, 0, 0, 0])), (1, Gen.Const<byte[]>([0, 0])))
        select (byte[])[.. messages.SelectMany(WithPrefix), .. tail];

    /// <summary>All that is sent.</summary>
    public byte[] Sent => [.. Pieces.SelectMany(static piece => piece)];

    public EchoServerOptions Options => new()
    {
        Framing = Framing,
        Delimiter = Delimiter is null ? null : new MessageDelimiter(Delimiter),
        Encoding = Encoding.GetEncoding(EncodingName),
        ResponseFormat = Format,
        Transform = Transform,
        DisconnectAfter = DisconnectAfter,
        ExitCommand = [Exit],
        Farewell = Farewell,
    };

    /// <summary>What a failure prints, beside the seed.</summary>
    public override string ToString() =>
        $"{Framing} {Convert.ToHexString(Delimiter ?? [])}, {EncodingName}, format {Format ?? "(none)"}, {Transform}, at most {DisconnectAfter}: {string.Join(' ', Pieces.Select(Convert.ToHexString))}";

    /// <summary>What the server must send: a plain model, without buffers, segments or state.</summary>
    /// <param name="messages">How many messages it must have counted.</param>
    public byte[] Expected(out int messages)
    {
        var encoding = TextEncoding.ReplacingBothWays(Encoding.GetEncoding(EncodingName));
        var answers = new List<byte>();
        messages = 0;
        foreach (var (content, end) in Messages())
        {
            messages++;
            var isExit = content.Length <= 1024 && encoding.ToText(content, 0, content.Length).Trim().Equals(Exit, StringComparison.OrdinalIgnoreCase);
            byte[] answer = isExit ? encoding.GetBytes(Farewell) : Answer(content, encoding);
            answers.AddRange(Framing == MessageFraming.LengthPrefix ? WithPrefix(answer) : [.. answer, .. end]);
            if (isExit || messages == DisconnectAfter)
            {
                break;
            }
        }

        return [.. answers];
    }

    private static byte[][] Cut(byte[] sent, int[] cuts)
    {
        int[] places = [0, .. cuts.Where(cut => cut <= sent.Length).Order(), sent.Length];
        return [.. places.Zip(places.Skip(1), (from, to) => sent[from..to]).Where(static piece => piece.Length > 0)];
    }

    private static byte[] WithPrefix(byte[] content) => [(byte)(content.Length >> 24), (byte)(content.Length >> 16), (byte)(content.Length >> 8), (byte)content.Length, .. content];

    private byte[] Answer(byte[] content, Encoding encoding)
    {
        var mark = TextEncoding.MarkIn(encoding);
        byte[] bare = Format is not (null or "{0}") && content.AsSpan().StartsWith(mark) ? content[mark.Length..] : content;
        var message = Transform == ResponseTransform.None ? bare : encoding.GetBytes(Transform.Apply(encoding.ToText(content, 0, content.Length)));
        var parts = (Format ?? "{0}").Replace("{Message}", "{0}", StringComparison.Ordinal).Split("{0}");
        return [.. Literal(parts[0]), .. message, .. Literal(parts[1])];

        byte[] Literal(string text) => encoding.GetBytes(text.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal));
    }

    /// <summary>The messages in what is sent, each with the line end it had.</summary>
    private IEnumerable<(byte[] Content, byte[] End)> Messages()
    {
        if (Framing == MessageFraming.None)
        {
            return Pieces.Select(static piece => (piece, Array.Empty<byte>()));
        }

        return Framing switch
        {
            MessageFraming.Line => Lines(Sent),
            MessageFraming.Delimiter => DelimitedMessages(Sent, Delimiter!),
            _ => PrefixedMessages(Sent),
        };
    }

    private static IEnumerable<(byte[] Content, byte[] End)> DelimitedMessages(byte[] sent, byte[] delimiter)
    {
        var from = 0;
        for (int count; (count = sent.AsSpan(from).IndexOf(delimiter)) >= 0; from += count + delimiter.Length)
        {
            yield return (sent[from..(from + count)], delimiter);
        }

        if (from < sent.Length)
        {
            yield return (sent[from..], []);
        }
    }

    private static IEnumerable<(byte[] Content, byte[] End)> Lines(byte[] sent)
    {
        var from = 0;
        for (var at = 0; at < sent.Length; at++)
        {
            if (sent[at] == '\n')
            {
                var isCrLf = at > from && sent[at - 1] == '\r';
                yield return (sent[from..(isCrLf ? at - 1 : at)], isCrLf ? [(byte)'\r', (byte)'\n'] : [(byte)'\n']);
                from = at + 1;
            }
        }

        if (from < sent.Length)
        {
            yield return (sent[from..], []);
        }
    }

    private static IEnumerable<(byte[] Content, byte[] End)> PrefixedMessages(byte[] sent)
    {
        for (var at = 0; sent.Length - at >= 4;)
        {
            var length = (sent[at] << 24) | (sent[at + 1] << 16) | (sent[at + 2] << 8) | sent[at + 3];
            if (length < 0 || sent.Length - at - 4 < length)
            {
                yield break;
            }

            yield return (sent[(at + 4)..(at + 4 + length)], []);
            at += 4 + length;
        }
    }
}
