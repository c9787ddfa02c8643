using System.Net;
using PSSocketTools.Net;

namespace PSSocketTools.Ports;

/// <summary>The names and addresses that a computer to test stands for, as users write it: one, or those of a block or a range.</summary>
internal static class TargetNames
{
    /// <summary>How many there are; a double, as an IPv6 block may have 2^128.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: a block or a range that can't be understood.</exception>
    public static double CountOf(string computer) => AddressRange.IsRange(computer) ? AddressRange.Parse(computer).Count
        : AddressBlock.IsBlock(computer) ? AddressBlock.Parse(computer).Count
        : 1;

    /// <summary>Whether it stands for several addresses that need no resolver.</summary>
    public static bool IsSeveral(string computer) => AddressRange.IsRange(computer) || AddressBlock.IsBlock(computer);

    /// <summary>The names and addresses, one at a time; an invalid one is reported at once.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: it can't be understood, or is of a family that was not asked for.</exception>
    public static IEnumerable<string> Expand(string computer, AddressSelection selection)
    {
        if (AddressRange.IsRange(computer))
        {
            return Of(AddressRange.Parse(computer).Addresses(), selection);
        }

        if (AddressBlock.IsBlock(computer))
        {
            return Of(AddressBlock.Parse(computer).Addresses(), selection);
        }

        if (NameResolver.Read(computer) is { } address)
        {
            _ = selection.Of(computer, [address]);
        }

        return [computer];
    }

    private static IEnumerable<string> Of(IEnumerable<IPAddress> addresses, AddressSelection selection)
    {
        var first = addresses.First();
        _ = selection.Of(first.ToString(), [first]);
        return addresses.Select(static address => address.ToString());
    }
}
