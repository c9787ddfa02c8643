using System.Globalization;
using System.Net;

namespace PSSocketTools.Net;

/// <summary>IPv4 addresses from a first to a last one: <c>10.0.0.1-20</c>, or <c>10.0.0.1-10.0.1.5</c>.</summary>
internal sealed class AddressSpan
{
    private readonly uint _first;
    private readonly uint _last;

    private AddressSpan(uint first, uint last) => (_first, _last) = (first, last);

    /// <summary>How many addresses it has.</summary>
    public double Count => (double)_last - _first + 1;

    /// <summary>Whether a text is meant as a span: an address, and a hyphen behind it, which no name has.</summary>
    public static bool IsSpan(string text)
    {
        var hyphen = text.IndexOf('-');
        return hyphen > 0 && AddressLiteral.TryReadIPv4(text.Substring(0, hyphen), out _);
    }

    /// <summary>Reads a span.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: it has no last address, or that is before the first.</exception>
    public static AddressSpan Parse(string text)
    {
        var hyphen = text.IndexOf('-');
        var end = text.Substring(hyphen + 1);
        if (hyphen > 0 && AddressLiteral.TryReadIPv4(text.Substring(0, hyphen), out var first))
        {
            var from = Number(first);

            // A number alone is the last byte; with a leading zero programs read it differently.
            uint? last = AddressLiteral.TryReadIPv4(end, out var address) ? Number(address)
                : byte.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var tail) && (end.Length == 1 || end[0] != '0') ? (from & ~0xFFU) | tail
                : null;
            if (last is { } to && to >= from)
            {
                return new AddressSpan(from, to);
            }
        }

        throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("AddressSpanNotUnderstood", text), text);
    }

    /// <summary>The addresses, in ascending order and one at a time.</summary>
    public IEnumerable<IPAddress> Addresses()
    {
        for (ulong number = _first; number <= _last; number++)
        {
            yield return new IPAddress([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
        }
    }

    private static uint Number(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return ((uint)bytes[0] << 24) | ((uint)bytes[1] << 16) | ((uint)bytes[2] << 8) | bytes[3];
    }
}
