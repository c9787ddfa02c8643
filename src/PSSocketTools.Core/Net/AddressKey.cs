using System.Net;

namespace PSSocketTools.Net;

/// <summary>An address as a 128-bit number; an IPv4 address as its IPv4-mapped form (RFC 4291, section 2.5.5.2).</summary>
internal readonly record struct AddressKey(ulong High, ulong Low) : IComparable<AddressKey>
{
    public static AddressKey Of(IPAddress address)
    {
#if NET
        Span<byte> bytes = stackalloc byte[16];
        _ = address.TryWriteBytes(bytes, out var length);
        return Of(bytes.Slice(0, length));
#else
        return Of(address.GetAddressBytes());
#endif
    }

#if NET
    public static AddressKey Of(ReadOnlySpan<byte> bytes)
#else
    public static AddressKey Of(byte[] bytes)
#endif
    {
        var (high, low) = (0UL, bytes.Length == 4 ? 0xFFFFUL : 0UL);
        for (var i = 0; i < bytes.Length; i++)
        {
            high = (high << 8) | (bytes.Length == 4 ? 0 : low >> 56);
            low = (low << 8) | bytes[i];
        }

        return new AddressKey(high, low);
    }

    /// <summary>The next number; after the highest comes the lowest.</summary>
    public AddressKey Next() => unchecked(Low + 1) is var low && low == 0 ? new AddressKey(unchecked(High + 1), low) : new AddressKey(High, low);

    /// <summary>The number as an address again.</summary>
    /// <param name="isIPv6">Whether it is one of IPv6: an IPv4-mapped one has the same number as the one of IPv4.</param>
    public IPAddress ToAddress(bool isIPv6)
    {
        var bytes = new byte[isIPv6 ? 16 : 4];
        var (high, low) = (High, Low);
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            bytes[i] = (byte)low;
            low = (low >> 8) | (high << 56);
            high >>= 8;
        }

        return new IPAddress(bytes);
    }

    public int CompareTo(AddressKey other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);
}
