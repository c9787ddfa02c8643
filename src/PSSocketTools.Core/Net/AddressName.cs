using System.Net;
using System.Net.Sockets;
using PSSocketTools.Resources;

namespace PSSocketTools.Net;

/// <summary>Turns what users call an address into addresses.</summary>
internal static class AddressName
{
    /// <summary>The name of both loopback addresses.</summary>
    public const string Localhost = "localhost";

    /// <summary>The name of every address of the machine, in both families.</summary>
    public const string Any = "Any";

    /// <summary>The addresses to listen on, or to test, for a name: localhost and Any mean both families where the machine has both.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the wait for the resolver.</param>
    /// <exception cref="SocketToolsException">NameNotFound.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IPAddress[] ToLocal(string name, CancellationToken cancellationToken = default)
    {
        var resolving = ToLocalAsync(name);
        Task.WaitAny([resolving], cancellationToken);
        return resolving.GetAwaiter().GetResult();
    }

    /// <summary>The same, without blocking.</summary>
    /// <exception cref="SocketToolsException">NameNotFound.</exception>
    public static Task<IPAddress[]> ToLocalAsync(string name)
    {
        if (string.Equals(name, Any, StringComparison.OrdinalIgnoreCase) || name == "*")
        {
            return Task.FromResult(BothFamilies(IPAddress.Any, IPAddress.IPv6Any));
        }

        return ToAddressesAsync(name);
    }

    /// <summary>
    /// The addresses of a name, as the system's resolver orders them (RFC 6724). Localhost is both loopback addresses, whatever
    /// the resolver or the hosts file says of it (RFC 6761, section 6.3).
    /// </summary>
    /// <exception cref="SocketToolsException">NameNotFound.</exception>
    public static async Task<IPAddress[]> ToAddressesAsync(string name)
    {
        if (TryParse(name, out var address))
        {
            return [address];
        }

        if (IsLocalhost(name))
        {
            return BothFamilies(IPAddress.Loopback, IPAddress.IPv6Loopback);
        }

        RequireName(name);
        try
        {
            return RequireAny(await Dns.GetHostAddressesAsync(name).ConfigureAwait(false), name);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw NotFound(name, exception);
        }
    }

    /// <summary>The resolver had no answer in the time allowed.</summary>
    public static SocketToolsException NotResolvedYet(string name) =>
        new(SocketToolsError.NameNotFound, Messages.Get("NameNotResolvedYet", name), name);

    /// <summary>An address literal; with or without brackets for IPv6. A bare number is a name, not an address.</summary>
    public static bool TryParse(string text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.IndexOf('.') < 0 && text.IndexOf(':') < 0)
        {
            return false;
        }

        // IPAddress takes [::1]:80 for an address and drops the port.
        if (text[0] == '[' && text[text.Length - 1] != ']')
        {
            return false;
        }

        if (!IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = parsed;
        return true;
    }

    /// <summary>Whether this machine has IPv6 on: an address to bind, not only a stack that knows the family.</summary>
    public static bool HasIPv6()
    {
        if (!Socket.OSSupportsIPv6)
        {
            return false;
        }

        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Whether a name is localhost or below it, with or without the dot that ends a full name.</summary>
    private static bool IsLocalhost(string name)
    {
        var end = name.EndsWith(".", StringComparison.Ordinal) ? name.Length - 1 : name.Length;
        var start = end - Localhost.Length;
        return start >= 0 && string.Compare(name, start, Localhost, 0, Localhost.Length, StringComparison.OrdinalIgnoreCase) == 0
            && (start == 0 || (start > 1 && name[start - 1] == '.'));
    }

    private static IPAddress[] BothFamilies(IPAddress ipv4, IPAddress ipv6) => HasIPv6() ? [ipv4, ipv6] : [ipv4];

    /// <summary>Refuses what the resolver takes for an address or for this machine: a bare number (7000 would be 0.0.27.88), nothing at all.</summary>
    private static void RequireName(string name)
    {
        if (name.Length == 0 || IPAddress.TryParse(name, out _))
        {
            throw NotFound(name, null);
        }
    }

    private static IPAddress[] RequireAny(IPAddress[] addresses, string name) =>
        addresses.Length > 0 ? addresses : throw NotFound(name, null);

    private static SocketToolsException NotFound(string name, Exception? exception) =>
        new(SocketToolsError.NameNotFound, Messages.Get("NameNotFound", name), name, exception);
}
