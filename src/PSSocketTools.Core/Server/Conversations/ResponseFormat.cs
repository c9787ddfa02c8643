using System.Globalization;
using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>
/// A parsed format of what a server sends: <c>Echo: {0}</c>, or named fields with alignments and format strings as in .NET's composite
/// formatting.
/// </summary>
internal sealed class ResponseFormat
{
    /// <summary>The fields of a connection, as errors list them.</summary>
    private static readonly Field[] ConnectionFields =
        [Field.RemoteAddress, Field.RemotePort, Field.LocalAddress, Field.ConnectionId, Field.Timestamp, Field.ServerName];

    /// <summary>The fields of a message; the first is {0} too.</summary>
    private static readonly Field[] MessageFields = [Field.Message, Field.Bytes, Field.Sequence, .. ConnectionFields];

    private readonly List<Part> _parts;
    private readonly Encoding _encoding;
    private readonly byte[] _mark;
    private readonly ResponseTransform _transform;
    private readonly string _serverName;

    private ResponseFormat(List<Part> parts, Encoding encoding, ResponseTransform transform, string serverName)
    {
        _parts = parts;
        _encoding = encoding;
        _mark = TextEncoding.MarkIn(encoding);
        _transform = transform;
        _serverName = serverName;
        RepeatsMessage = transform == ResponseTransform.None && parts is [{ Literal: null, Field: Field.Message, Format: null }];
    }

    /// <summary>Whether it writes the message as it is: then the journal need not keep its bytes twice.</summary>
    public bool RepeatsMessage { get; }

    /// <summary>Whether it writes the address that the client connected to, which costs a system call for each connection.</summary>
    public bool WritesLocalAddress => _parts.Exists(static part => part is { Literal: null, Field: Field.LocalAddress });

    /// <summary>Whether it writes the same for each connection.</summary>
    public bool IsConstant => _parts.TrueForAll(static part => part.Literal is not null);

    /// <summary>Parses the format of a response.</summary>
    /// <param name="format">The text; null for the bare message.</param>
    /// <param name="transform">How the message is transformed first.</param>
    /// <param name="encoding">The text's encoding on the wire.</param>
    /// <param name="serverName">The server's name.</param>
    /// <exception cref="SocketToolsException">InvalidOption, with the field that is not valid.</exception>
    public static ResponseFormat Parse(string? format, ResponseTransform transform, Encoding encoding, string serverName)
    {
        var parts = Parse(
            format ?? "{0}", encoding, MessageFields, static field => Messages.Get("ResponseFormatRefused", field, string.Join(", ", MessageFields)));
        return new ResponseFormat(parts, encoding, transform, serverName);
    }

    /// <summary>Parses the format of a notice, which has the fields of a connection and none of a message.</summary>
    /// <param name="option">The name of the option whose value it is.</param>
    /// <param name="text">The text.</param>
    /// <param name="encoding">The text's encoding on the wire.</param>
    /// <param name="serverName">The server's name.</param>
    /// <exception cref="SocketToolsException">InvalidOption, with the field that is not valid.</exception>
    public static ResponseFormat ParseNotice(string option, string text, Encoding encoding, string serverName)
    {
        var parts = Parse(
            text, encoding, ConnectionFields, field => Messages.Get("NoticeFormatRefused", Messages.Name(option), field, string.Join(", ", ConnectionFields)));
        return new ResponseFormat(parts, encoding, ResponseTransform.None, serverName);
    }

    private static List<Part> Parse(string text, Encoding encoding, Field[] fields, Func<string, string> refusal)
    {
        var parts = new List<Part>();
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '{' or '}' && i + 1 < text.Length && text[i + 1] == c)
            {
                literal.Append(c);
                i++;
            }
            else if (c == '{')
            {
                var close = text.IndexOf('}', i);
                if (close < 0)
                {
                    throw Refused(text, text.Substring(i), refusal);
                }

                FlushLiteral(parts, literal, encoding);
                parts.Add(ParseField(text, text.Substring(i + 1, close - i - 1), fields, refusal));
                i = close;
            }
            else if (c == '}')
            {
                throw Refused(text, text.Substring(i), refusal);
            }
            else
            {
                literal.Append(c);
            }
        }

        FlushLiteral(parts, literal, encoding);
        return parts;
    }

    /// <summary>Writes the response to a message, or a notice, without its framing.</summary>
    /// <param name="output">Gets the bytes.</param>
    /// <param name="message">The message; of a notice any.</param>
    /// <param name="client">The client.</param>
    /// <param name="sequence">The number of the message among those of its client.</param>
    /// <param name="clock">The clock that tells when.</param>
    public void Write(OutputBuffer output, in Frame message, ClientRecord client, long sequence, Clock clock)
    {
        foreach (var part in _parts)
        {
            if (part.Literal is { } literal)
            {
                output.Append(literal);
            }
            else if (part is { Field: Field.Message, Format: null } && _transform == ResponseTransform.None)
            {
                // The bytes are copied, not decoded, so that those that are not valid in the encoding are echoed unchanged.
                var mark = MarkLength(message);
                output.Append(message.Buffer, message.Offset + mark, message.Count - mark);
            }
            else
            {
                // Text is encoded straight into the buffer.
                var text = Text(part, message, client, sequence, clock);
                output.Reserve(_encoding.GetMaxByteCount(text.Length));
                output.Advance(_encoding.GetBytes(text, 0, text.Length, output.Buffer, output.Count));
            }
        }
    }

    /// <summary>The length of the byte order mark at the start of a message; it must not appear within other text.</summary>
    private int MarkLength(in Frame message)
    {
        if (_parts.Count == 1 || _mark.Length == 0 || message.Count < _mark.Length)
        {
            return 0;
        }

        for (var i = 0; i < _mark.Length; i++)
        {
            if (message.Buffer[message.Offset + i] != _mark[i])
            {
                return 0;
            }
        }

        return _mark.Length;
    }

    private string Text(Part part, in Frame message, ClientRecord client, long sequence, Clock clock)
    {
        object value = part.Field switch
        {
            Field.Message => _transform.Apply(_encoding.ToText(message.Buffer, message.Offset, message.Count)),
            Field.Bytes => message.Count,
            Field.RemoteAddress => client.RemoteAddress,
            Field.RemotePort => client.RemotePort,
            Field.ConnectionId => client.Id,
            Field.Sequence => sequence,
            Field.LocalAddress => client.LocalAddress,
            Field.ServerName => _serverName,
            _ => clock.Now,
        };
        return part.Format is { } format
            ? string.Format(CultureInfo.InvariantCulture, format, value)
            : Convert.ToString(value, CultureInfo.InvariantCulture)!;
    }

    private static Part ParseField(string format, string field, Field[] fields, Func<string, string> refusal)
    {
        var end = field.IndexOfAny([',', ':']);
        var name = (end < 0 ? field : field.Substring(0, end)).Trim();
        var wanted = name == "0" ? nameof(Field.Message) : name;
        var index = Array.FindIndex(fields, f => string.Equals(f.ToString(), wanted, StringComparison.OrdinalIgnoreCase));
        if (index < 0)
        {
            throw Refused(format, "{" + field + "}", refusal);
        }

        var known = fields[index];
        if (end < 0)
        {
            return new Part(null, known, null);
        }

        var composite = "{0" + field.Substring(end) + "}";
        try
        {
            _ = string.Format(CultureInfo.InvariantCulture, composite, Sample(known));
        }
        catch (FormatException)
        {
            throw Refused(format, "{" + field + "}", refusal);
        }

        return new Part(null, known, composite);
    }

    private static object Sample(Field field) => field switch
    {
        Field.Message or Field.RemoteAddress or Field.LocalAddress or Field.ServerName => string.Empty,
        Field.Timestamp => DateTimeOffset.MinValue,
        Field.Sequence => 1L,
        _ => 1,
    };

    private static void FlushLiteral(List<Part> parts, StringBuilder literal, Encoding encoding)
    {
        if (literal.Length > 0)
        {
            parts.Add(new Part(encoding.GetBytes(literal.ToString()), default, null));
            literal.Clear();
        }
    }

    private static SocketToolsException Refused(string format, string field, Func<string, string> refusal) =>
        new(SocketToolsError.InvalidOption, refusal(field), format);

    /// <summary>What a format can name.</summary>
    private enum Field
    {
        Message,
        Bytes,
        Sequence,
        RemoteAddress,
        RemotePort,
        LocalAddress,
        ConnectionId,
        Timestamp,
        ServerName,
    }

    private sealed class Part(byte[]? literal, Field field, string? format)
    {
        public byte[]? Literal { get; } = literal;

        /// <summary>The field, where there is no literal.</summary>
        public Field Field { get; } = field;

        /// <summary>The field as a composite format of one value, where it has an alignment or a format string.</summary>
        public string? Format { get; } = format;
    }
}
