using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>
/// Parses addresses strictly: spellings that programs read differently are rejected. 010.0.0.1 is 8.0.0.1 to some and 10.0.0.1 to
/// others, and an access rule must not depend on a guess.
/// </summary>
internal static class AddressLiteral
{
    private const int MappedPrefixLength = 96;

    /// <summary>Parses an address; false when the text is a name, or empty.</summary>
    /// <param name="text">The text: IPv4 with four decimal numbers, or IPv6 (RFC 4291, section 2.2), with or without brackets and with a zone or none (RFC 4007).</param>
    /// <param name="address">The address: an IPv4-mapped one as the IPv4 address it is.</param>
    /// <exception cref="SocketToolsException">InvalidOption: meant as an address, but not as it should be written.</exception>
    public static bool TryRead(string text, out IPAddress address) => TryRead(text, out address, out _);

    /// <summary>Parses an address, and returns how many leading bits of the written form are not part of it: 96 of an IPv4-mapped one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="address">The address.</param>
    /// <param name="mappedBits">How many bits.</param>
    /// <param name="portOption">The option that takes its port, which is no part of it.</param>
    public static bool TryRead(string text, out IPAddress address, out int mappedBits, string portOption = "Port")
    {
        mappedBits = 0;
        address = IPAddress.None;
        if (text.IndexOf(':') >= 0 || (text.Length > 0 && text[0] == '['))
        {
            address = ReadIPv6(text, portOption);
            if (address.IsIPv4MappedToIPv6)
            {
                mappedBits = MappedPrefixLength;
                address = address.MapToIPv4();
            }

            return true;
        }

        if (TryReadIPv4(text, out address))
        {
            return true;
        }

        var dash = text.IndexOf('-');
        if (dash > 0 && TryReadIPv4(text.Substring(0, dash), out _))
        {
            throw Refusal("AddressBlock", text);
        }

        // A name never ends in a number (RFC 3696, section 2): this is an address in one of the ways it should not be written.
        var last = text.TrimEnd('.');
        last = last.Substring(last.LastIndexOf('.') + 1);
        if (!IsNumber(last))
        {
            return false;
        }

        throw Refusal(last.Length == text.Length ? "AddressIsNumber" : "AddressAmbiguous", text);
    }

    /// <summary>The canonical form of an address: an IPv4-mapped one becomes IPv4 (RFC 4291, section 2.5.5.2).</summary>
    public static IPAddress Canonical(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Whether an address stands for all of the machine's, of its family.</summary>
    public static bool IsWildcard(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>Throws for a link-local address without a zone, since each link has its own (RFC 4007, section 6).</summary>
    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    public static void RequireZone(IPAddress address)
    {
        if (address.IsIPv6LinkLocal && address.ScopeId == 0)
        {
            throw Refusal("LinkLocalWithoutZone", address, ExampleZone());
        }
    }

    /// <summary>Refuses a URL, and says which part of it is the host.</summary>
    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    public static void RefuseUrl(string text)
    {
        if (text.IndexOf("://", StringComparison.Ordinal) >= 0 && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0)
        {
            throw Refusal("AddressIsUrl", text, url.Host);
        }
    }

    private static IPAddress ReadIPv6(string text, string portOption)
    {
        var literal = text;
        if (text[0] == '[')
        {
            var end = text.IndexOf(']');
            if (end == text.Length - 1)
            {
                literal = text.Substring(1, end - 1);
            }
            else if (end > 0 && text[end + 1] == ':')
            {
                throw WithPort(text, text.Substring(1, end - 1), text.Substring(end + 2), portOption);
            }
        }
        else if (text.IndexOf(':') == text.LastIndexOf(':'))
        {
            var colon = text.IndexOf(':');
            throw WithPort(text, text.Substring(0, colon), text.Substring(colon + 1), portOption);
        }

        var percent = literal.IndexOf('%');
        var digits = percent < 0 ? literal : literal.Substring(0, percent);
        var dot = digits.IndexOf('.');
        if (literal.IndexOf('[') >= 0 || literal.IndexOf(']') >= 0 || digits.IndexOf('/') >= 0
            || (dot >= 0 && !TryReadIPv4(digits.Substring(digits.LastIndexOf(':') + 1), out _))
            || !IPAddress.TryParse(digits, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            throw Refusal("AddressNotIPv6", text);
        }

        if (percent >= 0)
        {
            // An address that is the same everywhere needs no zone, but one that is named has to be there.
            var isScoped = address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || address.IsIPv6Multicast;
            var zone = literal.Substring(percent + 1);
            var number = zone == "0" && !isScoped ? 0 : FindZone(address, zone);
            if (isScoped)
            {
                address.ScopeId = number;
            }
        }

        return address;
    }

    /// <summary>Parses an IPv4 address of four decimal numbers without leading zeros; false for any other text.</summary>
    public static bool TryReadIPv4(string text, out IPAddress address)
    {
        address = IPAddress.None;
        var bytes = new byte[4];
        var parts = text.Split('.');
        if (parts.Length != bytes.Length)
        {
            return false;
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            if (!byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i]) || (parts[i].Length > 1 && parts[i][0] == '0'))
            {
                return false;
            }
        }

        address = new IPAddress(bytes);
        return true;
    }

    private static bool IsNumber(string label) => label.Length > 0 &&
        (label.All(static c => c is >= '0' and <= '9')
        || (label.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && label.Skip(2).All(Uri.IsHexDigit)));

    private static long FindZone(IPAddress address, string zone)
    {
        foreach (var (name, number) in Zones())
        {
            if (name == zone || number.ToString(CultureInfo.InvariantCulture) == zone)
            {
                return number;
            }
        }

        throw Refusal("ZoneNotFound", address, zone, string.Join(", ", Zones().Select(ToZoneText)));
    }

    private static IEnumerable<(string Name, long Number)> Zones()
    {
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            var number = 0;
            try
            {
                number = network.GetIPProperties().GetIPv6Properties()?.Index ?? 0;
            }
            catch (NetworkInformationException)
            {
                // An interface without IPv6 has no zone.
            }

            if (number > 0)
            {
                yield return (network.Name, number);
            }
        }
    }

    // In addresses Windows identifies interfaces by number, since their names may have spaces.
    private static string ToZoneText((string Name, long Number) zone) =>
        HostSystem.IsWindows ? zone.Number.ToString(CultureInfo.InvariantCulture) : OutsideText.Clean(zone.Name)!;

    private static string ExampleZone()
    {
        var loopbacks = NetworkInterface.GetAllNetworkInterfaces()
            .Where(static network => network.NetworkInterfaceType == NetworkInterfaceType.Loopback || network.OperationalStatus != OperationalStatus.Up)
            .Select(static network => network.Name).ToArray();
        return Zones().Where(zone => Array.IndexOf(loopbacks, zone.Name) < 0).Select(ToZoneText).FirstOrDefault() ?? "eth0";
    }

    private static SocketToolsException WithPort(string text, string host, string port, string option) =>
        port.Length > 0 && port.All(char.IsLetterOrDigit)
            ? Refusal("AddressWithPort", text, host, port, Messages.Name(option))
            : Refusal("AddressNotIPv6", text);

    private static SocketToolsException Refusal(string message, params object[] values) =>
        new(SocketToolsError.InvalidOption, Messages.Get(message, values), values[0].ToString());
}
