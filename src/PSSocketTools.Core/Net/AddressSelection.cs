using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Net;

/// <summary>Which addresses of a name may be connected to: those of one family, as the user asked or as the address to connect from has it.</summary>
/// <remarks>The options' names are the same wherever something connects.</remarks>
internal sealed class AddressSelection
{
    private const string IPv4 = "IPv4";
    private const string IPv6 = "IPv6";
    private const string SourceAddress = "SourceAddress";

    private readonly object _target;
    private readonly string? _reason;
    private readonly AddressFamily? _family;

    /// <param name="isIPv4">Whether IPv4 addresses alone are asked for.</param>
    /// <param name="isIPv6">Whether IPv6 addresses alone are.</param>
    /// <param name="source">The address to connect from; null for any.</param>
    /// <param name="target">What errors are about.</param>
    /// <exception cref="SocketToolsException">InvalidOption: the options do not belong together, or the source is no address.</exception>
    public AddressSelection(bool isIPv4, bool isIPv6, string? source, object target)
    {
        _target = target;
        if (isIPv4 && isIPv6)
        {
            throw Invalid(Messages.Get("OptionsExclude", Messages.Name(IPv4), Messages.Name(IPv6)));
        }

        _family = isIPv4 ? AddressFamily.InterNetwork : isIPv6 ? AddressFamily.InterNetworkV6 : null;
        _reason = isIPv4 ? IPv4 : isIPv6 ? IPv6 : null;
        if (source is null)
        {
            return;
        }

        Source = NameResolver.Read(source, "SourcePort") ?? throw Invalid(Messages.Get("SourceIsName", source));
        _reason ??= $"{SourceAddress} {source}";
        if (_family is not null && _family != Source.AddressFamily)
        {
            throw OtherFamily(Source, _target);
        }

        _family = Source.AddressFamily;
    }

    /// <summary>The address to connect from; null for any.</summary>
    public IPAddress? Source { get; }

    /// <summary>The addresses that can be connected to, in the order given.</summary>
    /// <param name="name">What has these addresses: a name, or the address itself.</param>
    /// <param name="addresses">Its addresses.</param>
    /// <exception cref="SocketToolsException">NameNotFound: the name has addresses of the other family alone; InvalidOption: so is the address.</exception>
    public IPAddress[] Of(string name, IPAddress[] addresses)
    {
        if (_family is not { } family)
        {
            return addresses;
        }

        var chosen = Array.FindAll(addresses, address => address.AddressFamily == family);
        return chosen.Length > 0 || addresses.Length == 0 ? chosen
            : NameResolver.Read(name) is { } literal ? throw OtherFamily(literal, name)
            : throw new SocketToolsException(
                SocketToolsError.NameNotFound,
                Messages.Get(
                    "NameOfOtherFamily",
                    name,
                    FamilyName(addresses[0].AddressFamily),
                    string.Join(", ", addresses.Select(EndPointText.Of)),
                    Messages.Name(_reason!),
                    FamilyName(family)),
                name);
    }

    /// <summary>A resolver that leaves out a name's other addresses.</summary>
    public Func<string, Task<IPAddress[]>> Limit(Func<string, Task<IPAddress[]>> resolve) =>
        _family is null ? resolve : async name => Of(name, await resolve(name).ConfigureAwait(false));

    private SocketToolsException OtherFamily(IPAddress address, object target)
    {
        var wanted = address.AddressFamily == AddressFamily.InterNetwork ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        return new SocketToolsException(
            SocketToolsError.InvalidOption,
            Messages.Get("AddressOfOtherFamily", EndPointText.Of(address), FamilyName(address.AddressFamily), Messages.Name(_reason!), FamilyName(wanted)),
            target);
    }

    private SocketToolsException Invalid(string message) => new(SocketToolsError.InvalidOption, message, _target);

    private static string FamilyName(AddressFamily family) => family == AddressFamily.InterNetwork ? IPv4 : IPv6;
}
