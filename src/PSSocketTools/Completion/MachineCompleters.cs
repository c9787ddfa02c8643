using System.Net.NetworkInformation;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PSSocketTools.Lifetime;

namespace PSSocketTools.Completion;

/// <summary>Offers the addresses a server can listen on here.</summary>
public sealed class LocalAddressCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values()
    {
        yield return ("localhost", "127.0.0.1, ::1");
        yield return ("Any", "0.0.0.0, ::");
        foreach (var address in MachineAddresses.All())
        {
            yield return address;
        }
    }
}

/// <summary>Offers the names and addresses under which a server of this machine is met.</summary>
public sealed class CertificateNameCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        new[] { ("localhost", "127.0.0.1, ::1"), (Environment.MachineName, Environment.MachineName) }
            .Concat(MachineAddresses.All().Select(static address => (address.Value.Split('%')[0], address.Tooltip)));
}

/// <summary>Offers the addresses of this machine, from which a connection can come.</summary>
public sealed class SourceAddressCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() => MachineAddresses.All();
}

/// <summary>The addresses of this machine, each with its interface.</summary>
internal static class MachineAddresses
{
    public static IEnumerable<(string Value, string Tooltip)> All() =>
        from network in NetworkInterface.GetAllNetworkInterfaces()
        from unicast in network.GetIPProperties().UnicastAddresses
        select (unicast.Address.ToString(), network.Name);
}

/// <summary>Offers the encodings by the names PowerShell's cmdlets use, then by all the others.</summary>
public sealed class EncodingCompleter : ValueCompleter
{
    private static readonly string[] Common = ["utf8", "ascii", "latin1", "unicode", "bigendianunicode", "utf32"];

    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        Common.Select(static name => (name, name))
            .Concat(Encoding.GetEncodings().Select(static e => (e.Name, e.DisplayName)).OrderBy(static e => e.Name, StringComparer.Ordinal));
}

/// <summary>Offers the thumbprints of the certificates in the user's and the machine's personal stores, and of the servers that run.</summary>
public sealed class ThumbprintCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() =>
        Running.Servers.All().Where(static s => s.CertificateThumbprint is not null).Select(static s => (s.CertificateThumbprint!, $"{s.Name}, {s.EndPoint}"))
            .Concat(InStore(StoreLocation.CurrentUser))
            .Concat(InStore(StoreLocation.LocalMachine))
            .GroupBy(static v => v.Item1)
            .Select(static g => g.First());

    private static List<(string Value, string Tooltip)> InStore(StoreLocation location)
    {
        try
        {
            using var store = new X509Store(StoreName.My, location);
            store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
            return [.. store.Certificates.Cast<X509Certificate2>().Select(static c => (c.Thumbprint, $"{c.Subject}, {c.NotAfter:d}"))];
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            // A system without such a store has nothing to offer.
            return [];
        }
    }
}
