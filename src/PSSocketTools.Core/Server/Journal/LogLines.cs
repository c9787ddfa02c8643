using System.Globalization;
using System.Text;
using PSSocketTools.Net;

namespace PSSocketTools.Server.Journal;

/// <summary>Events as JSON Lines in UTF-8: one object a line (RFC 8259). The buffer is reused.</summary>
internal sealed class LogLines
{
    private const int LongestNumber = 20;
    private const int LongestEscape = 6;

    // The names are kept, since .NET Framework searches for one on each call.
    private static readonly string[] Kinds =
        [.. Enumerable.Range(0, (int)ServerEventKind.Stopped + 1).Select(static kind => ((ServerEventKind)kind).ToString())];

    private readonly ServerIdentity _server;
    private readonly Encoding _encoding;

    // Whether decoded text, unless it has U+FFFD, encodes to the same bytes again.
    private readonly bool _isReversible;
    private char[] _chars = [];

    // The formatted second of the last line, in local time and in UTC; within a second only the fraction changes.
    private long _second = -1;
    private string _local = string.Empty;
    private string _utc = string.Empty;

    /// <param name="server">The server; each line names it, since several servers may share a file.</param>
    /// <param name="encoding">The encoding of messages, which must not throw.</param>
    public LogLines(ServerIdentity server, Encoding encoding)
    {
        _server = server;
        _encoding = encoding;
        _isReversible = encoding is UTF8Encoding or UnicodeEncoding or UTF32Encoding || encoding.IsSingleByte;
    }

    public byte[] Buffer { get; private set; } = new byte[16 * 1024];

    /// <summary>How many bytes of the buffer are used; always whole lines.</summary>
    public int Count { get; private set; }

    public void Clear() => Count = 0;

    public void Add(JournalBatch batch, int index)
    {
        ref var row = ref batch[index];
        WriteTimestamps(row.UtcTicks);
        WriteAscii(",\"Sequence\":");
        WriteNumber(batch.SequenceOf(index));
        WriteAscii(",\"ServerId\":");
        WriteNumber(_server.Id);
        WriteAscii(",\"ServerName\":");
        WriteText(_server.Name);
        WriteAscii(",\"Port\":");
        WriteNumber(_server.Port);
        WriteAscii(",\"ConnectionId\":");
        WriteNumber(row.Client?.Id);
        WriteAscii(",\"Kind\":\"");
        WriteAscii(Kinds[(int)row.Kind]);
        WriteAscii("\",\"RemoteAddress\":");
        WriteText(row.RemoteAddress);
        WriteAscii(",\"RemotePort\":");
        WriteNumber(row.RemotePort);
        WriteAscii(",\"Message\":");
        if (row.HasMessage)
        {
            WriteMessage(batch.Bytes, (int)row.BytesOffset, row.BytesKept, row.IsTruncated);
        }
        else
        {
            WriteText(row.Sentence);
            WriteAscii(",\"Content\":null");
        }

        WriteAscii(row.IsTruncated ? ",\"IsTruncated\":true" : ",\"IsTruncated\":false");
        WriteAscii(",\"Bytes\":");
        WriteNumber(row.HasMessage ? row.Bytes : null);
        WriteAscii(",\"Reason\":");
        WriteText(row.ReasonName);
        WriteAscii(",\"Fault\":");
        WriteText(row.Fault);
        WriteAscii(",\"DurationMilliseconds\":");
        WriteAscii(row.DurationMilliseconds is { } milliseconds ? milliseconds.ToString("R", CultureInfo.InvariantCulture) : "null");
        WriteAscii("}\n");
    }

    /// <summary>Writes both timestamps in ISO 8601, to 100 ns: local time with its offset, and UTC.</summary>
    private void WriteTimestamps(long utcTicks)
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
        WriteAscii("{\"Timestamp\":\"");
        WriteTime(_local, fraction);
        WriteAscii("\",\"TimestampUtc\":\"");
        WriteTime(_utc, fraction);
        WriteAscii("\"");
    }

    private void WriteTime(string second, long fraction)
    {
        // "2026-03-29T01:30:00." has so many characters; the digits of the fraction, which are those to write, come after it.
        const int UpToFraction = 20;
        const int Digits = 7;
        WriteAscii(second);
        var at = Count - second.Length + UpToFraction + Digits;
        for (var i = 0; i < Digits; i++)
        {
            Buffer[--at] = (byte)('0' + (fraction % 10));
            fraction /= 10;
        }
    }

    private void WriteNumber(long? value)
    {
        if (value is not { } number)
        {
            WriteAscii("null");
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

    private void WriteText(string? value)
    {
        if (value is null)
        {
            WriteAscii("null");
            return;
        }

        var chars = CharBuffer(value.Length);
        value.CopyTo(0, chars, 0, value.Length);
        WriteQuoted(chars, 0, value.Length);
    }

    /// <summary>Writes the text, and the bytes in base 64 (RFC 4648) where the text does not determine them.</summary>
    private void WriteMessage(byte[] bytes, int offset, int count, bool isTruncated)
    {
        var chars = CharBuffer(_encoding.GetMaxCharCount(count));
        var length = isTruncated
            ? _encoding.GetDecoder().GetChars(bytes, offset, count, chars, 0, flush: false)
            : _encoding.GetChars(bytes, offset, count, chars, 0);
        var start = length > 0 && chars[0] == TextEncoding.ByteOrderMark ? 1 : 0;
        WriteQuoted(chars, start, length);
        WriteAscii(",\"Content\":");
        if (_isReversible && start == 0 && Array.IndexOf(chars, '\uFFFD', 0, length) < 0)
        {
            WriteAscii("null");
            return;
        }

        chars = CharBuffer(((count + 2) / 3 * 4) + 2);
        chars[0] = '"';
        length = Convert.ToBase64CharArray(bytes, offset, count, chars, 1) + 1;
        chars[length++] = '"';
        WriteAscii(chars, length);
    }

    /// <summary>
    /// Writes a string as in RFC 8259, section 7. Control characters (C0 and C1) are escaped, so that a terminal that shows the
    /// file interprets none of them; lone surrogates are escaped too, so that the file is always valid UTF-8.
    /// </summary>
    private void WriteQuoted(char[] chars, int from, int to)
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

    private void WriteAscii(char[] chars, int count)
    {
        Reserve(count);
        for (var i = 0; i < count; i++)
        {
            Buffer[Count++] = (byte)chars[i];
        }
    }

    private void WriteAscii(string text)
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

    private char[] CharBuffer(int count)
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
