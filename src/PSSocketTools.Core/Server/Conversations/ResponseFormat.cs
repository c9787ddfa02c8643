using System.Globalization;
using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>A parsed response format: <c>Echo: {0}</c>, or named fields with alignments and format strings as in .NET's composite formatting.</summary>
internal sealed class ResponseFormat : ResponseWriter
{
    /// <summary>The fields as errors list them; the first is {0} too.</summary>
    private static readonly Field[] Fields =
        [Field.Message, Field.Bytes, Field.RemoteAddress, Field.RemotePort, Field.ConnectionId, Field.Sequence, Field.Timestamp];

    private readonly List<Part> _parts;
    private readonly Encoding _encoding;
    private readonly byte[] _mark;
    private readonly ResponseTransform _transform;

    private ResponseFormat(List<Part> parts, Encoding encoding, ResponseTransform transform)
    {
        _parts = parts;
        _encoding = encoding;
        _mark = TextEncoding.MarkIn(encoding);
        _transform = transform;
    }

    /// <summary>Parses a format.</summary>
    /// <param name="format">The text; null for the bare message.</param>
    /// <param name="transform">How the message is transformed first.</param>
    /// <param name="encoding">The text's encoding on the wire.</param>
    /// <exception cref="SocketToolsException">InvalidOption, with the field that is not valid.</exception>
    public static ResponseWriter Parse(string? format, ResponseTransform transform, Encoding encoding)
    {
        if (format is null && transform == ResponseTransform.None)
        {
            return Same;
        }

        var parts = new List<Part>();
        var literal = new StringBuilder();
        var text = format ?? "{0}";
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
                    throw Refused(text, text.Substring(i));
                }

                FlushLiteral(parts, literal, encoding);
                parts.Add(ParseField(text, text.Substring(i + 1, close - i - 1)));
                i = close;
            }
            else if (c == '}')
            {
                throw Refused(text, text.Substring(i));
            }
            else
            {
                literal.Append(c);
            }
        }

        FlushLiteral(parts, literal, encoding);
        return new ResponseFormat(parts, encoding, transform);
    }

    /// <inheritdoc/>
    public override void Write(ResponseBuffer output, in Frame message, ConnectionFacts connection, long sequence, DateTimeOffset now)
    {
        foreach (var part in _parts)
        {
            if (part.Literal is { } literal)
            {
                output.Append(literal, 0, literal.Length);
            }
            else if (part is { Field: Field.Message, Format: null } && _transform == ResponseTransform.None)
            {
                // As bytes, so that bytes that are not valid in the encoding are echoed unchanged.
                var mark = MarkLength(message);
                output.Append(message.Buffer, message.Offset + mark, message.Count - mark);
            }
            else
            {
                Append(output, _encoding, Text(part, message, connection, sequence, now));
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

    private string Text(Part part, in Frame message, ConnectionFacts connection, long sequence, DateTimeOffset now)
    {
        object value = part.Field switch
        {
            Field.Message => _transform.Apply(_encoding.ToText(message.Buffer, message.Offset, message.Count)),
            Field.Bytes => message.Count,
            Field.RemoteAddress => connection.RemoteAddress,
            Field.RemotePort => connection.RemotePort,
            Field.ConnectionId => connection.Id,
            Field.Sequence => sequence,
            _ => now,
        };
        return part.Format is { } format
            ? string.Format(CultureInfo.InvariantCulture, format, value)
            : Convert.ToString(value, CultureInfo.InvariantCulture)!;
    }

    private static Part ParseField(string format, string field)
    {
        var end = field.IndexOfAny([',', ':']);
        var name = (end < 0 ? field : field.Substring(0, end)).Trim();
        var index = name == "0" ? 0 : Array.FindIndex(Fields, f => string.Equals(f.ToString(), name, StringComparison.OrdinalIgnoreCase));
        if (index < 0)
        {
            throw Refused(format, "{" + field + "}");
        }

        var known = Fields[index];
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
            throw Refused(format, "{" + field + "}");
        }

        return new Part(null, known, composite);
    }

    private static object Sample(Field field) => field switch
    {
        Field.Message or Field.RemoteAddress => string.Empty,
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

    private static SocketToolsException Refused(string format, string field) =>
        new(SocketToolsError.InvalidOption, Messages.Get("ResponseFormatRefused", field, string.Join(", ", Fields)), format);

    /// <summary>What a format can name.</summary>
    private enum Field
    {
        Message,
        Bytes,
        RemoteAddress,
        RemotePort,
        ConnectionId,
        Sequence,
        Timestamp,
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
