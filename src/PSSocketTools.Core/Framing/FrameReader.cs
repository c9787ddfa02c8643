using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Framing;

/// <summary>
/// Finds messages in bytes as they come, for a server and a client alike. Bytes are lent with <see cref="Feed"/> and
/// not copied; what is left of them when <see cref="TryRead"/> has no more messages is kept in a pooled buffer.
/// </summary>
/// <remarks>
/// The order of calls is Feed, TryRead until it is false, Feed and so on; <see cref="TryReadRest"/> when the sender
/// paused or ended. Never holds more than the limit and one receive.
/// </remarks>
/// <param name="framing">Where messages end.</param>
/// <param name="maxMessageBytes">The longest message taken.</param>
/// <param name="encoding">The encoding of text, which does not throw: a pause inside one of its characters ends no message; null for bytes alone.</param>
/// <param name="gathers">Whether under None a message is what comes until <see cref="TryReadRest"/>, as for a client, or each receive.</param>
internal sealed class FrameReader(MessageFraming framing, int maxMessageBytes, Encoding? encoding = null, bool gathers = false) : IDisposable
{
    /// <summary>The bytes of a length prefix: a big-endian Int32.</summary>
    public const int PrefixLength = 4;

    /// <summary>
    /// How long the rest of a line end or of a character is waited for beyond the pause that ends a message, in
    /// milliseconds: on a busy machine a pause falls anywhere.
    /// </summary>
    public const int RestMilliseconds = 500;

    // Room for a terminator, a prefix and one receive beyond the longest message.
    private const int Slack = 65536 + PrefixLength;

    // The longest array of bytes there can be.
    private const int MaxArrayLength = 0x7FFFFFC7;

    private byte[] _input = [];
    private int _start;
    private int _end;

    // Bytes from _start on that are known to hold no line end, so that a slow sender's line is scanned once.
    private int _scanned;
    private byte[]? _kept;

    // Whether the last message was ended by a pause right after a CR: then a LF that comes first is the rest of its line end.
    private bool _endedInCarriageReturn;

    /// <summary>The framing this reader follows.</summary>
    public MessageFraming Framing { get; } = framing;

    /// <summary>Bytes that came and belong to no message read yet.</summary>
    public int PendingBytes => _end - _start;

    /// <summary>Whether what has come ends inside a line end or a character, so that a pause should not end the message here.</summary>
    public bool IsCutInside =>
        PendingBytes > 0
        && ((Framing == MessageFraming.Auto && _input[_end - 1] == '\r')
            || (encoding is not null && TextEncoding.EndsInsideCharacter(encoding, _input, _start, PendingBytes)));

    /// <summary>
    /// Skips the LF that came so late that a pause had ended its message after the CR. It belongs to that message, and to
    /// its answer. To be asked before <see cref="TryRead"/>.
    /// </summary>
    public bool TrySkipLateLineFeed()
    {
        if (!_endedInCarriageReturn || PendingBytes == 0)
        {
            return false;
        }

        _endedInCarriageReturn = false;
        if (_input[_start] != '\n')
        {
            return false;
        }

        _start++;
        _scanned = 0;
        return true;
    }

    /// <summary>Lends bytes to the reader, until <see cref="TryRead"/> returns false, or <see cref="GiveBack"/>.</summary>
    public void Feed(byte[] buffer, int offset, int count)
    {
        if (PendingBytes == 0)
        {
            _input = buffer;
            _start = offset;
            _end = offset + count;
            _scanned = 0;
            return;
        }

        Keep(count);
        Buffer.BlockCopy(buffer, offset, _input, _end, count);
        _end += count;
    }

    /// <summary>Gives back what was lent: what is pending of it is copied.</summary>
    public void GiveBack() => Keep(0);

    /// <summary>The next whole message, if it has come.</summary>
    /// <exception cref="FramingException">The length prefix is not acceptable, or the message exceeds the limit.</exception>
    public bool TryRead(out Frame frame)
    {
        var found = Framing switch
        {
            MessageFraming.Line or MessageFraming.Auto => TryReadLine(out frame),
            MessageFraming.LengthPrefix => TryReadPrefixed(out frame),
            _ => TryReadAll(out frame),
        };
        if (!found)
        {
            Keep(0);
        }

        return found;
    }

    /// <summary>What has come of an unfinished message, as a message: when the sender pauses or its input ends.</summary>
    /// <param name="complete">Whether the framing lets a message end this way.</param>
    /// <param name="frame">The message, when there is one.</param>
    /// <exception cref="FramingException">The framing is LengthPrefix and the message was cut short, or the message exceeds the limit.</exception>
    public bool TryReadRest(bool complete, out Frame frame)
    {
        if (Framing == MessageFraming.LengthPrefix && PendingBytes > 0)
        {
            var came = PendingBytes;
            Clear();
            throw new FramingException(SocketToolsError.InvalidMessage, Messages.Get("FramingCutShort", came));
        }

        if (PendingBytes == 0)
        {
            frame = default;
            return false;
        }

        if (PendingBytes > maxMessageBytes)
        {
            throw TooLarge(PendingBytes);
        }

        _endedInCarriageReturn = Framing == MessageFraming.Auto && _input[_end - 1] == '\r';
        frame = new Frame(_input, _start, PendingBytes, Terminator.None, complete);
        _start = _end;
        _scanned = 0;
        return true;
    }

    /// <summary>Forgets what has come.</summary>
    public void Clear()
    {
        _start = _end = _scanned = 0;
        _input = [];
        ReleaseKept();
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    private bool TryReadLine(out Frame frame)
    {
        var from = _start + _scanned;
        var at = Array.IndexOf(_input, (byte)'\n', from, _end - from);
        if (at < 0)
        {
            _scanned = PendingBytes;
            // A CR that may yet turn out to be half of a line end does not count.
            var least = _scanned > 0 && _input[_end - 1] == '\r' ? _scanned - 1 : _scanned;
            if (least > maxMessageBytes)
            {
                throw TooLarge(least);
            }

            frame = default;
            return false;
        }

        var crlf = at > _start && _input[at - 1] == '\r';
        var count = at - _start - (crlf ? 1 : 0);
        if (count > maxMessageBytes)
        {
            throw TooLarge(count);
        }

        frame = new Frame(_input, _start, count, crlf ? Terminator.CarriageReturnLineFeed : Terminator.LineFeed, true);
        _start = at + 1;
        _scanned = 0;
        return true;
    }

    private bool TryReadPrefixed(out Frame frame)
    {
        frame = default;
        if (PendingBytes < PrefixLength)
        {
            return false;
        }

        var length = (_input[_start] << 24) | (_input[_start + 1] << 16) | (_input[_start + 2] << 8) | _input[_start + 3];
        if (length < 0)
        {
            throw new FramingException(SocketToolsError.InvalidMessage, Messages.Get("FramingBadLength", unchecked((uint)length)));
        }

        if (length > maxMessageBytes)
        {
            throw TooLarge(length);
        }

        if (PendingBytes - PrefixLength < length)
        {
            return false;
        }

        frame = new Frame(_input, _start + PrefixLength, length, Terminator.LengthPrefix, true);
        _start += PrefixLength + length;
        return true;
    }

    private bool TryReadAll(out Frame frame)
    {
        if (!gathers)
        {
            return TryReadRest(complete: true, out frame);
        }

        if (PendingBytes > maxMessageBytes)
        {
            throw TooLarge(PendingBytes);
        }

        frame = default;
        return false;
    }

    private FramingException TooLarge(int bytes) =>
        new(SocketToolsError.MessageTooLarge, Messages.Get("FramingTooLarge", bytes, maxMessageBytes));

    /// <summary>Moves what is pending into a buffer of the reader's own, with room for more.</summary>
    private void Keep(int room)
    {
        var pending = PendingBytes;
        if (pending == 0)
        {
            if (room == 0)
            {
                _input = [];
                _start = _end = _scanned = 0;
                ReleaseKept();
            }

            return;
        }

        var needed = pending + room;
        if (_kept is not null && ReferenceEquals(_input, _kept))
        {
            if (_kept.Length - _start >= needed)
            {
                return;
            }

            if (_kept.Length >= needed)
            {
                Buffer.BlockCopy(_kept, _start, _kept, 0, pending);
                _start = 0;
                _end = pending;
                return;
            }
        }

        var roomy = Math.Min(2L * pending, Math.Min((long)maxMessageBytes + Slack, MaxArrayLength));
        var grown = Pool.Rent((int)Math.Max(needed, roomy));
        Buffer.BlockCopy(_input, _start, grown, 0, pending);
        ReleaseKept();
        _kept = _input = grown;
        _start = 0;
        _end = pending;
    }

    private void ReleaseKept()
    {
        if (_kept is { } kept)
        {
            _kept = null;
            Pool.Return(kept);
        }
    }
}
