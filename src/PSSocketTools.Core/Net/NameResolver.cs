using System.Net;

namespace PSSocketTools.Net;

/// <summary>Resolves names to addresses.</summary>
internal static class NameResolver
{
    /// <summary>The name for both loopback addresses.</summary>
    public const string Localhost = "localhost";

    /// <summary>The name for the wildcard addresses of both families.</summary>
    public const string Any = "Any";

    /// <summary>The addresses to listen on, or to test, for a name: localhost and Any mean both families where the machine has both.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the wait for the resolver.</param>
    /// <exception cref="SocketToolsException">NameNotFound; InvalidOption: an address that is not as it should be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IPAddress[] ToLocal(string name, CancellationToken cancellationToken = default) =>
        ToLocal(name, Dns.GetHostAddressesAsync, cancellationToken);

    /// <summary>The addresses to listen on, or to test, with a given resolver.</summary>
    public static IPAddress[] ToLocal(string name, Func<string, Task<IPAddress[]>> resolver, CancellationToken cancellationToken)
    {
        var resolving = ToLocalAsync(name, resolver);
        Task.WaitAny([resolving], cancellationToken);
        return resolving.GetAwaiter().GetResult();
    }

    /// <summary>The addresses to listen on, or to test, without blocking.</summary>
    /// <exception cref="SocketToolsException">NameNotFound; InvalidOption: an address that is not as it should be written.</exception>
    public static Task<IPAddress[]> ToLocalAsync(string name) => ToLocalAsync(name, Dns.GetHostAddressesAsync);

    /// <inheritdoc cref="ToLocalAsync(string)"/>
    public static Task<IPAddress[]> ToLocalAsync(string name, Func<string, Task<IPAddress[]>> resolver)
    {
        if (string.Equals(name, Any, StringComparison.OrdinalIgnoreCase) || name == "*")
        {
            return Task.FromResult(BothFamilies(IPAddress.Any, IPAddress.IPv6Any));
        }

        return ToAddressesAsync(name, resolver);
    }

    /// <summary>
    /// The addresses of a name, as the system's resolver orders them (RFC 6724). Localhost is both loopback addresses, whatever
    /// the resolver or the hosts file says of it (RFC 6761, section 6.3).
    /// </summary>
    /// <exception cref="SocketToolsException">NameNotFound; InvalidOption: an address that is not as it should be written.</exception>
    public static Task<IPAddress[]> ToAddressesAsync(string name) => ToAddressesAsync(name, Dns.GetHostAddressesAsync);

    /// <inheritdoc cref="ToAddressesAsync(string)"/>
    public static async Task<IPAddress[]> ToAddressesAsync(string name, Func<string, Task<IPAddress[]>> resolver)
    {
        if (Read(name) is { } address)
        {
            return [address];
        }

        if (IsLocalhost(name))
        {
            return BothFamilies(IPAddress.Loopback, IPAddress.IPv6Loopback);
        }

        if (name.Length == 0)
        {
            throw NotFound(name, null);
        }

        IPAddress[] addresses;
        try
        {
            addresses = await resolver(name).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Any failure of the resolver means that the name has no address; it becomes the inner exception.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            throw NotFound(name, exception);
        }

        return addresses.Length > 0 ? [.. addresses.Select(AddressLiteral.Canonical).Distinct()] : throw NotFound(name, null);
    }

    /// <summary>The error for a resolver that did not answer in time.</summary>
    public static SocketToolsException NotResolvedYet(string name) =>
        new(SocketToolsError.NameNotFound, Messages.Get("NameNotResolvedYet", name), name);

    /// <summary>Parses an address; null for a name.</summary>
    /// <param name="text">The text.</param>
    /// <param name="portOption">The option that takes its port, which is no part of it.</param>
    /// <exception cref="SocketToolsException">InvalidOption: an address that is not as it should be written.</exception>
    public static IPAddress? Read(string text, string portOption = "Port")
    {
        // No name has a slash.
        if (AddressBlock.IsBlock(text))
        {
            AddressLiteral.RefuseUrl(text);
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("AddressIsBlock", text), text);
        }

        if (!AddressLiteral.TryRead(text, out var address, out _, portOption))
        {
            return null;
        }

        AddressLiteral.RequireZone(address);
        return address;
    }

    /// <summary>Whether a name is localhost or below it, with or without the dot that ends a full name.</summary>
    private static bool IsLocalhost(string name)
    {
        var end = name.EndsWith(".", StringComparison.Ordinal) ? name.Length - 1 : name.Length;
        var start = end - Localhost.Length;
        return start >= 0 && string.Compare(name, start, Localhost, 0, Localhost.Length, StringComparison.OrdinalIgnoreCase) == 0
            && (start == 0 || (start > 1 && name[start - 1] == '.'));
    }

    private static IPAddress[] BothFamilies(IPAddress ipv4, IPAddress ipv6) => IPv6Stack.IsEnabled() ? [ipv4, ipv6] : [ipv4];

    private static SocketToolsException NotFound(string name, Exception? exception) =>
        new(SocketToolsError.NameNotFound, Messages.Get("NameNotFound", name), name, exception);
}
