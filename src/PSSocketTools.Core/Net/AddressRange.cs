using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Net;

/// <summary>
/// Addresses from a first to a last one: <c>10.0.0.1-20</c> or <c>10.0.0.1-10.0.1.5</c>, <c>fd00::1-20</c> or
/// <c>fd00::1-fd00::1:5</c>. A number alone is the last part of the last address, as addresses are written: a decimal byte of IPv4,
/// a hexadecimal group of IPv6.
/// </summary>
internal sealed class AddressRange
{
    private readonly bool _isIPv6;
    private readonly AddressKey _first;
    private readonly AddressKey _last;

    private AddressRange(bool isIPv6, AddressKey first, AddressKey last) => (_isIPv6, _first, _last) = (isIPv6, first, last);

    /// <summary>How many addresses it has.</summary>
    public double Count
    {
        get
        {
            // A double has no place for the low bits of a high number, so that the halves are subtracted as what they are.
            var borrowed = _last.Low < _first.Low ? 1UL : 0;
            return ((_last.High - _first.High - borrowed) * Math.Pow(2, 64)) + unchecked(_last.Low - _first.Low) + 1;
        }
    }

    /// <summary>Whether a text is meant as a range: an address, and a hyphen behind it, which no name has.</summary>
    public static bool IsRange(string text)
    {
        var hyphen = text.IndexOf('-');
        return hyphen > 0 && TryRead(text.Substring(0, hyphen), out _);
    }

    /// <summary>Reads a range.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: it has no last address, or that is before the first.</exception>
    public static AddressRange Parse(string text)
    {
        var hyphen = text.IndexOf('-');
        if (hyphen > 0 && TryRead(text.Substring(0, hyphen), out var first))
        {
            var isIPv6 = first.AddressFamily == AddressFamily.InterNetworkV6;
            var from = AddressKey.Of(first);
            if (ReadEnd(text.Substring(hyphen + 1), isIPv6, from) is { } to && to.CompareTo(from) >= 0)
            {
                return new AddressRange(isIPv6, from, to);
            }
        }

        throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("AddressRangeNotUnderstood", text), text);
    }

    /// <summary>The addresses, in ascending order and one at a time.</summary>
    public IEnumerable<IPAddress> Addresses()
    {
        for (var at = _first; ; at = at.Next())
        {
            yield return at.ToAddress(_isIPv6);
            if (at == _last)
            {
                yield break;
            }
        }
    }

    private static AddressKey? ReadEnd(string end, bool isIPv6, AddressKey start)
    {
        if (TryRead(end, out var address))
        {
            return (address.AddressFamily == AddressFamily.InterNetworkV6) == isIPv6 ? AddressKey.Of(address) : null;
        }

        if (isIPv6)
        {
            return ushort.TryParse(end, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var group)
                ? start with { Low = (start.Low & ~0xFFFFUL) | group }
                : null;
        }

        // With a leading zero programs read a number differently.
        return byte.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var tail) && (end.Length == 1 || end[0] != '0')
            ? start with { Low = (start.Low & ~0xFFUL) | tail }
            : null;
    }

    // Neither zones nor IPv4 within IPv6: each would need a rule of its own for what the number behind the hyphen is.
    private static bool TryRead(string text, out IPAddress address)
    {
        if (text.IndexOf(':') < 0)
        {
            return AddressLiteral.TryReadIPv4(text, out address);
        }

        return IPAddress.TryParse(text, out address!) && text.IndexOfAny(['%', '.', '[', '/']) < 0;
    }
}
