namespace PSSocketTools.Load;

/// <summary>The messages of one connection: each has its number at its start, and letters after it.</summary>
internal sealed class LoadMessages
{
    // The longest number that is read.
    private const int MaxDigits = 18;

    private readonly byte[]?[] _messages;
    private readonly int _size;

    /// <summary>Makes the buffers.</summary>
    /// <param name="size">Bytes of each message.</param>
    /// <param name="buffers">How many messages are in use at once at most.</param>
    public LoadMessages(int size, int buffers)
    {
        _size = size;
        _messages = new byte[buffers][];
        for (DistinctNumbers = 1; DistinctNumbers < int.MaxValue / 10 && size > 0; size--)
        {
            DistinctNumbers *= 10;
        }
    }

    /// <summary>How many different numbers have room in a message.</summary>
    public int DistinctNumbers { get; }

    /// <summary>The message with a number. Its buffer is used again by the one as many messages later as there are buffers.</summary>
    public byte[] Write(long number)
    {
        var message = _messages[number % _messages.Length] ??= Pattern(_size);
        for (var at = 0; at < message.Length && IsDigitAt(at, number); at++, number /= 10)
        {
            message[at] = (byte)('0' + (number % 10));
        }

        return message;
    }

    /// <summary>The number of a message, as far as it has room; -1 for what is no message of this size.</summary>
    public long Read(byte[] message)
    {
        if (message.Length != _size)
        {
            return -1;
        }

        var (number, power, at) = (0L, 1L, 0);
        for (; at < message.Length && at < MaxDigits && message[at] is >= (byte)'0' and <= (byte)'9'; at++, power *= 10)
        {
            number += (message[at] - '0') * power;
        }

        for (; at < message.Length; at++)
        {
            if (message[at] != Letter(at))
            {
                return -1;
            }
        }

        return number;
    }

    // A number that has grown by a digit keeps it, so that what was written in a buffer before is always overwritten.
    private static bool IsDigitAt(int at, long rest) => at == 0 || rest > 0;

    private static byte Letter(int at) => (byte)('a' + (at % 26));

    private static byte[] Pattern(int size)
    {
        var pattern = new byte[size];
        for (var at = 0; at < size; at++)
        {
            pattern[at] = Letter(at);
        }

        return pattern;
    }
}
