using System.Globalization;
using System.Net;
using PSSocketTools.Net;

namespace PSSocketTools.Tls;

/// <summary>The names and addresses a certificate is made for, as it has them.</summary>
internal sealed class SubjectNames
{
    // A common name has at most 64 characters (RFC 5280, appendix A.1), and is for people: clients read the other names.
    private const int MaxCommonName = 64;
    private const string FallbackCommonName = "Echo certificate";
    private const int MaxName = 253;
    private const int MaxLabel = 63;

    private SubjectNames(IReadOnlyList<string> hosts, IReadOnlyList<IPAddress> addresses, string commonName)
    {
        Hosts = hosts;
        Addresses = addresses;
        CommonName = commonName;
    }

    /// <summary>The host names, in ASCII and lower case.</summary>
    public IReadOnlyList<string> Hosts { get; }

    /// <summary>The addresses, without zones, which a certificate does not have.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; }

    /// <summary>The first of them that is short enough.</summary>
    public string CommonName { get; }

    /// <summary>Reads names and addresses as users write them.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: there is none, or one that no certificate can have.</exception>
    public static SubjectNames Read(IReadOnlyList<string> names)
    {
        var hosts = new List<string>();
        var addresses = new List<IPAddress>();
        var all = new List<string>();
        foreach (var name in names.Count > 0 ? names : throw Refused(string.Empty))
        {
            if (ReadAddress(name) is { } address)
            {
                addresses.Add(address);
                all.Add(address.ToString());
            }
            else
            {
                var host = ReadHost(name) ?? throw Refused(name);
                hosts.Add(host);
                all.Add(host);
            }
        }

        return new SubjectNames([.. hosts.Distinct()], [.. addresses.Distinct()], all.Find(static one => one.Length <= MaxCommonName) ?? FallbackCommonName);
    }

    /// <summary>A host name in ASCII and lower case, without the dot that ends a full name; null where it is none.</summary>
    public static string? ReadHost(string name)
    {
        var host = name.EndsWith(".", StringComparison.Ordinal) ? name.Substring(0, name.Length - 1) : name;

        // The asterisk stands for a whole first label (RFC 9525, section 6.3), and IDNA knows it not.
        var wildcard = host.StartsWith("*.", StringComparison.Ordinal) ? "*." : string.Empty;
        try
        {
            host = new IdnMapping().GetAscii(host, wildcard.Length).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }

        return wildcard.Length + host.Length <= MaxName && host.Split('.').All(IsLabel) ? wildcard + host : null;
    }

    // Host names have no underscore, but containers and Windows machines are called so, and clients compare it as it is.
    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[label.Length - 1] != '-'
        && label.All(static c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_');

    private static IPAddress? ReadAddress(string text)
    {
        try
        {
            return AddressLiteral.TryRead(text, out var address) ? new IPAddress(address.GetAddressBytes()) : null;
        }
        catch (SocketToolsException exception)
        {
            throw Refused(text, exception);
        }
    }

    private static SocketToolsException Refused(string name, Exception? inner = null) =>
        new(SocketToolsError.InvalidOption, Messages.Get("CertificateNameNotValid", name), name, inner);
}
