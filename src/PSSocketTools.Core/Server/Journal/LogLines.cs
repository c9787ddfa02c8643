using System.Globalization;
using System.Text;
using PSSocketTools.Net;

namespace PSSocketTools.Server.Journal;

/// <summary>Events as JSON Lines in UTF-8: one object a line (RFC 8259). The buffer is used again and again.</summary>
internal sealed class LogLines
{
    private const int LongestNumber = 20;
    private const int LongestEscape = 6;

    // Looked up once, since .NET Framework looks for a name anew each time.
    private static readonly string[] Kinds =
        [.. Enumerable.Range(0, (int)ServerEventKind.Stopped + 1).Select(static kind => ((ServerEventKind)kind).ToString())];

    private readonly ServerFacts _server;
    private readonly Encoding _encoding;

    // Whether each text of the encoding stands for the same bytes always, U+FFFD aside.
    private readonly bool _tellsBytes;
    private char[] _chars = [];

    // The second that was written last, in local time and in UTC; within it only the fraction changes.
    private long _second = -1;
    private string _local = string.Empty;
    private string _utc = string.Empty;

    /// <param name="server">The server, named on each line since several may share a file.</param>
    /// <param name="encoding">The encoding of messages, which does not throw.</param>
    public LogLines(ServerFacts server, Encoding encoding)
    {
        _server = server;
        _encoding = encoding;
        _tellsBytes = encoding is UTF8Encoding or UnicodeEncoding or UTF32Encoding || encoding.IsSingleByte;
    }

    /// <summary>What was added.</summary>
    public byte[] Buffer { get; private set; } = new byte[16 * 1024];

    /// <summary>How many bytes were added; whole lines.</summary>
    public int Count { get; private set; }

    /// <summary>Begins anew.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds an event.</summary>
    public void Add(JournalPiece piece, int index)
    {
        ref var row = ref piece[index];
        Times(row.UtcTicks);
        Ascii(",\"Sequence\":");
        Number(piece.SequenceOf(index));
        Ascii(",\"ServerId\":");
        Number(_server.Id);
        Ascii(",\"ServerName\":");
        Text(_server.Name);
        Ascii(",\"Port\":");
        Number(_server.Port);
        Ascii(",\"ConnectionId\":");
        Number(row.Connection?.Id);
        Ascii(",\"Kind\":\"");
        Ascii(Kinds[(int)row.Kind]);
        Ascii("\",\"RemoteAddress\":");
        Text(row.Connection is { RemoteAddress.Length: > 0 } named ? named.RemoteAddress : null);
        Ascii(",\"RemotePort\":");
        Number(row.Connection is { RemotePort: > 0 } connection ? connection.RemotePort : null);
        Ascii(",\"Message\":");
        if (row.Bytes >= 0)
        {
            Message(piece.Bytes, (int)row.BytesAt, row.BytesKept, row.IsTruncated);
        }
        else
        {
            Text(row.Text);
            Ascii(",\"Content\":null");
        }

        Ascii(row.IsTruncated ? ",\"IsTruncated\":true" : ",\"IsTruncated\":false");
        Ascii(",\"Bytes\":");
        Number(row.Bytes >= 0 ? row.Bytes : null);
        Ascii(",\"Reason\":");
        Text(row.Reason == ServerEventReason.None ? null : row.Reason.ToString());
        Ascii(",\"DurationMilliseconds\":");
        Ascii(row.DurationMilliseconds is { } milliseconds ? milliseconds.ToString("R", CultureInfo.InvariantCulture) : "null");
        Ascii("}\n");
    }

    /// <summary>Both timestamps in ISO 8601, to 100 ns: local time with its offset, and UTC.</summary>
    private void Times(long utcTicks)
    {
        var second = utcTicks / TimeSpan.TicksPerSecond;
        if (second != _second)
        {
            _second = second;
            var moment = new DateTimeOffset(second * TimeSpan.TicksPerSecond, TimeSpan.Zero);
            _local = moment.ToLocalTime().ToString("o", CultureInfo.InvariantCulture);
            _utc = moment.ToUtcText();
        }

        var fraction = utcTicks % TimeSpan.TicksPerSecond;
        Ascii("{\"Timestamp\":\"");
        Time(_local, fraction);
        Ascii("\",\"TimestampUtc\":\"");
        Time(_utc, fraction);
        Ascii("\"");
    }

    private void Time(string second, long fraction)
    {
        const int Whole = 20;
        const int Digits = 7;
        Ascii(second);
        var at = Count - second.Length + Whole + Digits;
        for (var i = 0; i < Digits; i++)
        {
            Buffer[--at] = (byte)('0' + (fraction % 10));
            fraction /= 10;
        }
    }

    private void Number(long? value)
    {
        if (value is not { } number)
        {
            Ascii("null");
            return;
        }

        // No number here is negative.
        Reserve(LongestNumber);
        var digits = 1;
        for (var rest = number / 10; rest > 0; rest /= 10)
        {
            digits++;
        }

        Count += digits;
        var at = Count;
        do
        {
            Buffer[--at] = (byte)('0' + (number % 10));
            number /= 10;
        }
        while (number > 0);
    }

    private void Text(string? value)
    {
        if (value is null)
        {
            Ascii("null");
            return;
        }

        var chars = Chars(value.Length);
        value.CopyTo(0, chars, 0, value.Length);
        Quoted(chars, 0, value.Length);
    }

    /// <summary>The text; and the bytes in base 64 (RFC 4648) where the text does not say which they were.</summary>
    private void Message(byte[] bytes, int offset, int count, bool isTruncated)
    {
        var chars = Chars(_encoding.GetMaxCharCount(count));
        var length = isTruncated
            ? _encoding.GetDecoder().GetChars(bytes, offset, count, chars, 0, flush: false)
            : _encoding.GetChars(bytes, offset, count, chars, 0);
        var mark = length > 0 && chars[0] == TextEncoding.ByteOrderMark ? 1 : 0;
        Quoted(chars, mark, length);
        Ascii(",\"Content\":");
        if (_tellsBytes && mark == 0 && Array.IndexOf(chars, '\uFFFD', 0, length) < 0)
        {
            Ascii("null");
            return;
        }

        chars = Chars(((count + 2) / 3 * 4) + 2);
        chars[0] = '"';
        length = Convert.ToBase64CharArray(bytes, offset, count, chars, 1) + 1;
        chars[length++] = '"';
        Ascii(chars, length);
    }

    /// <summary>
    /// A string as RFC 8259, section 7, has it. Control characters are escaped, C1 as C0, so that a terminal that shows the
    /// file obeys none of them; so is what is no valid text, so that the file always is.
    /// </summary>
    private void Quoted(char[] chars, int from, int to)
    {
        Reserve(((to - from) * LongestEscape) + 2);
        var buffer = Buffer;
        var at = Count;
        buffer[at++] = (byte)'"';
        for (var i = from; i < to; i++)
        {
            var c = chars[i];
            if (c is '"' or '\\')
            {
                buffer[at++] = (byte)'\\';
                buffer[at++] = (byte)c;
            }
            else if (c is >= ' ' and < '\u007f')
            {
                buffer[at++] = (byte)c;
            }
            else if (c is < ' ' or <= '\u009f' or '\u2028' or '\u2029' || char.IsSurrogate(c))
            {
                buffer[at++] = (byte)'\\';
                buffer[at++] = (byte)'u';
                buffer[at++] = Hexadecimal(c >> 12);
                buffer[at++] = Hexadecimal(c >> 8);
                buffer[at++] = Hexadecimal(c >> 4);
                buffer[at++] = Hexadecimal(c);
            }
            else if (c < '\u0800')
            {
                buffer[at++] = (byte)(0xc0 | (c >> 6));
                buffer[at++] = (byte)(0x80 | (c & 0x3f));
            }
            else
            {
                buffer[at++] = (byte)(0xe0 | (c >> 12));
                buffer[at++] = (byte)(0x80 | ((c >> 6) & 0x3f));
                buffer[at++] = (byte)(0x80 | (c & 0x3f));
            }
        }

        buffer[at++] = (byte)'"';
        Count = at;
    }

    private static byte Hexadecimal(int value) => (byte)"0123456789abcdef"[value & 0xf];

    private void Ascii(char[] chars, int count)
    {
        Reserve(count);
        for (var i = 0; i < count; i++)
        {
            Buffer[Count++] = (byte)chars[i];
        }
    }

    private void Ascii(string text)
    {
        Reserve(text.Length);
        var buffer = Buffer;
        var at = Count;
        foreach (var c in text)
        {
            buffer[at++] = (byte)c;
        }

        Count = at;
    }

    private char[] Chars(int count)
    {
        if (count > _chars.Length)
        {
            _chars = new char[Math.Max(count, _chars.Length * 2)];
        }

        return _chars;
    }

    private void Reserve(int count)
    {
        if (Buffer.Length - Count < count)
        {
            var grown = new byte[Math.Max(Count + count, Buffer.Length * 2)];
            System.Buffer.BlockCopy(Buffer, 0, grown, 0, Count);
            Buffer = grown;
        }
    }
}
