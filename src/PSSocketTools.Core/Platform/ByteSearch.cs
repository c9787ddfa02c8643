namespace PSSocketTools.Platform;

/// <summary>The search for bytes within bytes.</summary>
internal static class ByteSearch
{
    /// <summary>Where a value begins for the first time in so many bytes of a buffer, as an index of the buffer; -1 where it does not.</summary>
    public static int IndexOf(byte[] buffer, int offset, int count, byte[] value)
    {
#if NET
        var at = buffer.AsSpan(offset, count).IndexOf(value);
        return at < 0 ? at : offset + at;
#else
        // The last place where it can begin.
        var last = offset + count - value.Length;
        for (var at = offset; at <= last; at++)
        {
            at = Array.IndexOf(buffer, value[0], at, last - at + 1);
            if (at < 0)
            {
                break;
            }

            var same = 1;
            while (same < value.Length && buffer[at + same] == value[same])
            {
                same++;
            }

            if (same == value.Length)
            {
                return at;
            }
        }

        return -1;
#endif
    }
}
