using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Framing;

/// <summary>
/// Finds messages in received bytes, for a server and a client alike. <see cref="Feed"/> refers to bytes without a copy; what is
/// pending when <see cref="TryRead"/> finds no more messages is copied into a pooled buffer.
/// </summary>
/// <remarks>
/// The order of calls is Feed, TryRead until it is false, Feed and so on, and <see cref="TryReadRest"/> when the sender has
/// paused or closed. The reader never holds more than the limit and one receive.
/// </remarks>
/// <param name="framing">Where messages end.</param>
/// <param name="maxMessageBytes">The largest message accepted.</param>
/// <param name="encoding">The encoding of text, which must not throw: a pause inside one of its characters ends no message; null for bytes without text.</param>
/// <param name="joinsReceives">Whether under None a message is all bytes until <see cref="TryReadRest"/>, as for a client, or each receive.</param>
/// <param name="delimiter">What ends messages under Delimiter, which needs one.</param>
internal sealed class FrameReader(
    MessageFraming framing, int maxMessageBytes, Encoding? encoding = null, bool joinsReceives = false, MessageDelimiter? delimiter = null) : IDisposable
{
    /// <summary>The size of a length prefix, which is a big-endian Int32.</summary>
    public const int PrefixLength = 4;

    /// <summary>
    /// How long to wait, in milliseconds, for the rest of a line end or of a character after the pause that would end the message:
    /// on a busy machine a pause can fall anywhere.
    /// </summary>
    public const int MidCharacterWaitMilliseconds = 500;

    // Room for a terminator or a prefix and one receive beyond the longest message.
    private const int Slack = 65536 + MessageDelimiter.HighestBytes;

    // The largest byte array that .NET allows.
    private const int MaxArrayLength = 0x7FFFFFC7;

    private byte[] _input = [];
    private int _start;
    private int _end;

    // How many bytes from _start on were scanned, and have no beginning of a line end or a delimiter.
    private int _scanned;
    private byte[]? _ownBuffer;

    // Whether a pause right after a CR ended the last message: then a LF that follows is the rest of its line end.
    private bool _endedInCarriageReturn;

    public MessageFraming Framing { get; } = framing;

    /// <summary>How many received bytes belong to no message yet.</summary>
    public int PendingBytes => _end - _start;

    /// <summary>Whether the pending bytes end inside a line end or a character: then a pause should not end the message here.</summary>
    public bool EndsMidCharacter =>
        PendingBytes > 0
        && ((Framing == MessageFraming.Auto && _input[_end - 1] == '\r')
            || (encoding is not null && TextEncoding.EndsInsideCharacter(encoding, _input, _start, PendingBytes)));

    /// <summary>
    /// Skips a LF that was received after a pause had ended its message at the CR. It belongs to that message, and to its response.
    /// Call this before <see cref="TryRead"/>.
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

    /// <summary>Adds received bytes, which must stay unchanged until <see cref="TryRead"/> returns false or <see cref="DetachInput"/> is called.</summary>
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

        CopyPending(count);
        Buffer.BlockCopy(buffer, offset, _input, _end, count);
        _end += count;
    }

    /// <summary>Copies what is pending of the bytes fed, so that their buffer can be reused.</summary>
    public void DetachInput() => CopyPending(0);

    /// <summary>The next complete message, if there is one.</summary>
    /// <exception cref="FramingException">The length prefix is not acceptable, or the message exceeds the limit.</exception>
    public bool TryRead(out Frame frame)
    {
        var found = Framing switch
        {
            MessageFraming.Line or MessageFraming.Auto => TryReadLine(out frame),
            MessageFraming.LengthPrefix => TryReadPrefixed(out frame),
            MessageFraming.Delimiter => TryReadDelimited(out frame),
            _ => TryReadAll(out frame),
        };
        if (!found)
        {
            CopyPending(0);
        }

        return found;
    }

    /// <summary>Returns the pending bytes as a message, when the sender pauses or its input ends.</summary>
    /// <param name="complete">Whether the framing allows a message to end this way.</param>
    /// <param name="frame">The message, when there is one.</param>
    /// <exception cref="FramingException">The framing is LengthPrefix and the message was cut short, or the message exceeds the limit.</exception>
    public bool TryReadRest(bool complete, out Frame frame)
    {
        if (Framing == MessageFraming.LengthPrefix && PendingBytes > 0)
        {
            var received = PendingBytes;
            Clear();
            throw new FramingException(SocketToolsError.InvalidMessage, Messages.Get("FramingCutShort", received));
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

    /// <summary>Drops the pending bytes.</summary>
    public void Clear()
    {
        _start = _end = _scanned = 0;
        _input = [];
        ReleaseOwnBuffer();
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
            // A CR at the end may be half of a line end, and does not count.
            var certain = _scanned > 0 && _input[_end - 1] == '\r' ? _scanned - 1 : _scanned;
            if (certain > maxMessageBytes)
            {
                throw TooLarge(certain);
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

    private bool TryReadDelimited(out Frame frame)
    {
        var from = _start + _scanned;
        var at = delimiter!.Find(_input, from, _end - from);
        if (at < 0)
        {
            // A delimiter may begin in the last bytes, which are scanned again with those that follow.
            _scanned = Math.Max(0, PendingBytes - (delimiter.Length - 1));
            if (PendingBytes > maxMessageBytes)
            {
                // What may be the beginning of the delimiter does not count.
                var certain = PendingBytes - delimiter.BeginsAtEnd(_input, _start, PendingBytes);
                if (certain > maxMessageBytes)
                {
                    throw TooLarge(certain);
                }
            }

            frame = default;
            return false;
        }

        var count = at - _start;
        if (count > maxMessageBytes)
        {
            throw TooLarge(count);
        }

        frame = new Frame(_input, _start, count, Terminator.Delimiter, true);
        _start = at + delimiter.Length;
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
            throw PrefixTooLarge(length);
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
        if (!joinsReceives)
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

    private FramingException PrefixTooLarge(int length)
    {
        // A peer that sends text and no prefixes is what most often announces so much.
        var isText = new ArraySegment<byte>(_input, _start, PrefixLength).All(static b => b is (>= 0x20 and <= 0x7E) or (byte)'\r' or (byte)'\n' or (byte)'\t');
        return new FramingException(
            SocketToolsError.MessageTooLarge,
            Messages.Get(
                isText ? "FramingPrefixIsText" : "FramingPrefixTooLarge", length, maxMessageBytes,
                Encoding.ASCII.GetString(_input, _start, PrefixLength).Trim().Replace("\r", @"\r").Replace("\n", @"\n").Replace("\t", @"\t")));
    }

    /// <summary>Copies the pending bytes into the reader's own buffer, with room for more.</summary>
    private void CopyPending(int room)
    {
        var pending = PendingBytes;
        if (pending == 0)
        {
            if (room == 0)
            {
                _input = [];
                _start = _end = _scanned = 0;
                ReleaseOwnBuffer();
            }

            return;
        }

        var needed = pending + room;
        if (_ownBuffer is not null && ReferenceEquals(_input, _ownBuffer))
        {
            if (_ownBuffer.Length - _start >= needed)
            {
                return;
            }

            if (_ownBuffer.Length >= needed)
            {
                Buffer.BlockCopy(_ownBuffer, _start, _ownBuffer, 0, pending);
                _start = 0;
                _end = pending;
                return;
            }
        }

        var preferred = Math.Min(2L * pending, Math.Min((long)maxMessageBytes + Slack, MaxArrayLength));
        var grown = Pool.Rent((int)Math.Max(needed, preferred));
        Buffer.BlockCopy(_input, _start, grown, 0, pending);
        ReleaseOwnBuffer();
        _ownBuffer = _input = grown;
        _start = 0;
        _end = pending;
    }

    private void ReleaseOwnBuffer()
    {
        if (_ownBuffer is { } kept)
        {
            _ownBuffer = null;
            Pool.Return(kept);
        }
    }
}
