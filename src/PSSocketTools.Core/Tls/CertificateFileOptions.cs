using System.Security;

namespace PSSocketTools;

/// <summary>
/// The files a certificate is written to. Those with the private key can be read by their owner alone, from the moment they are
/// there; each appears whole or not at all.
/// </summary>
public sealed record CertificateFileOptions
{
    private const string KeyExtension = ".key";

    /// <summary>The path of the PFX file (PKCS #12, RFC 7292), with the private key; null for none.</summary>
    public string? PfxPath { get; init; }

    /// <summary>The PFX file's password; null for none.</summary>
    public SecureString? PfxPassword { get; init; }

    /// <summary>The path of the PEM file (RFC 7468) with the certificate alone, which clients take for a trust anchor; null for none.</summary>
    public string? PemPath { get; init; }

    /// <summary>The path of the PEM file with the private key (PKCS #8, not encrypted), beside the other: its name, ending in .key; null for none.</summary>
    public string? PemKeyPath => PemPath is null ? null : Path.ChangeExtension(PemPath, KeyExtension);

    /// <summary>Whether files that are there are replaced; otherwise they are an error.</summary>
    public bool Overwrite { get; init; }

    /// <summary>The paths of all files, in the order they appear.</summary>
    public IReadOnlyList<string> Paths => [.. new[] { PemKeyPath, PemPath, PfxPath }.OfType<string>()];
}
