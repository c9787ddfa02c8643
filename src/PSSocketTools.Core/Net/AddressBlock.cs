using System.Globalization;
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>A block of addresses with a common prefix (CIDR, RFC 4632 and RFC 4291 section 2.3); one address is a block of one.</summary>
public sealed class AddressBlock
{
    private readonly byte[] _first;

    private AddressBlock(byte[] first, int prefixLength, long zone)
    {
        _first = first;
        PrefixLength = prefixLength;
        Zone = zone;
    }

    /// <summary>How many leading bits are common: 0 to 32, or 0 to 128 for IPv6.</summary>
    public int PrefixLength { get; }

    /// <summary>How many addresses the block has; a double, as an IPv6 one may have 2^128.</summary>
    public double Count => Math.Pow(2, (_first.Length * 8) - PrefixLength);

    /// <summary>The interface that a link-local block was said to be on (RFC 4007), by its number; 0 where none was.</summary>
    internal long Zone { get; }

    internal AddressKey First => AddressKey.Of(_first);

    internal AddressKey Last
    {
        get
        {
            var last = (byte[])_first.Clone();
            for (var i = 0; i < last.Length; i++)
            {
                last[i] |= (byte)~(0xFF00 >> Math.Min(Math.Max(PrefixLength - (i * 8), 0), 8));
            }

            return AddressKey.Of(last);
        }
    }

    /// <summary>Reads a block, <c>10.0.0.0/8</c>, or a single address; bits after the prefix are ignored, as routers do.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="SocketToolsException">InvalidOption: neither a block nor an address.</exception>
    public static AddressBlock Parse(string text) =>
        TryParse(text, out var block)
            ? block!
            : throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("AddressBlockNotUnderstood", text), text);

    /// <summary>Whether a text is meant as a block: a name never has a slash.</summary>
    /// <param name="text">The text.</param>
    public static bool IsBlock(string text) => (text ?? throw new ArgumentNullException(nameof(text))).IndexOf('/') >= 0;

    /// <summary>Whether an address is in the block, and in its zone if it has one. An IPv4 address that came through an IPv6 socket counts as IPv4.</summary>
    /// <param name="address">The address.</param>
    public bool Contains(IPAddress address)
    {
        var key = AddressKey.Of(address ?? throw new ArgumentNullException(nameof(address)));
        return key.CompareTo(First) >= 0 && key.CompareTo(Last) <= 0
            && (Zone == 0 || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId == Zone));
    }

    /// <summary>The addresses, in ascending order and one at a time, however many there are.</summary>
    public IEnumerable<IPAddress> Addresses()
    {
        var bytes = (byte[])_first.Clone();
        do
        {
            yield return At(bytes);
        }
        while (Increment(bytes) && Masked(bytes, PrefixLength).SequenceEqual(_first));
    }

    /// <summary>The block as <see cref="Parse"/> reads it.</summary>
    public override string ToString() =>
        PrefixLength == _first.Length * 8
            ? At(_first).ToString()
            : string.Format(CultureInfo.InvariantCulture, "{0}/{1}", At(_first), PrefixLength);

    private IPAddress At(byte[] bytes) => Zone == 0 ? new IPAddress(bytes) : new IPAddress(bytes, Zone);

    private static bool TryParse(string text, out AddressBlock? block)
    {
        block = null;
        AddressLiteral.RefuseUrl(text ?? throw new ArgumentNullException(nameof(text)));
        var slash = text.IndexOf('/');
        if (!AddressLiteral.TryRead(slash < 0 ? text : text.Substring(0, slash), out var address, out var mappedBits))
        {
            return false;
        }

        var bytes = address.GetAddressBytes();
        var prefixLength = bytes.Length * 8;
        if (slash >= 0)
        {
            // 010 is 8 to some programs and 10 to others, as in an address.
            var length = text.Substring(slash + 1);
            if (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var written) || (length.Length > 1 && length[0] == '0'))
            {
                return false;
            }

            prefixLength = written - mappedBits;
            if (prefixLength < 0 || prefixLength > bytes.Length * 8)
            {
                throw new SocketToolsException(
                    SocketToolsError.InvalidOption, Messages.Get("PrefixOutOfRange", text, mappedBits, mappedBits + (bytes.Length * 8)), text);
            }
        }

        block = new AddressBlock(
            Masked(bytes, prefixLength), prefixLength, address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId : 0);
        return true;
    }

    private static byte[] Masked(byte[] bytes, int prefixLength)
    {
        var masked = new byte[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            var bits = Math.Min(Math.Max(prefixLength - (i * 8), 0), 8);
            masked[i] = (byte)(bytes[i] & (0xFF00 >> bits));
        }

        return masked;
    }

    private static bool Increment(byte[] bytes)
    {
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            if (++bytes[i] != 0)
            {
                return true;
            }
        }

        return false;
    }
}
