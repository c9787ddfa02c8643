using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Tls;
#if NET
using System.Security.Cryptography;
#else
using PSSocketTools.Net;
#endif

namespace PSSocketTools;

/// <summary>A certificate made in memory for a test server. No machine trusts it: clients pin its thumbprint, or take it for a trust anchor.</summary>
public static class SelfSignedCertificate
{
    /// <summary>Makes a certificate for localhost, the loopback addresses and this machine's name, valid for a year from yesterday on.</summary>
    /// <returns>The certificate. The caller disposes of it, which on Windows deletes its key's file.</returns>
    /// <exception cref="SocketToolsException">NotSupported, on .NET Framework.</exception>
    public static X509Certificate2 Create()
    {
        var options = new CertificateOptions();
        return Create(SubjectNames.ReadHost(Environment.MachineName) is { } name ? options with { DnsName = [.. options.DnsName, name] } : options);
    }

    /// <summary>Makes a certificate.</summary>
    /// <param name="options">What it says.</param>
    /// <returns>
    /// The certificate, with its private key, which can be exported. The caller disposes of it, which on Windows deletes its key's file.
    /// </returns>
    /// <exception cref="SocketToolsException">InvalidOption; NotSupported, on .NET Framework.</exception>
    public static X509Certificate2 Create(CertificateOptions options)
    {
        if (options is null)
        {
            throw new ArgumentNullException(nameof(options));
        }

        var names = SubjectNames.Read(options.DnsName);
        var (notBefore, notAfter) = options.ToValidity(DateTimeOffset.UtcNow);
#if NET
        using AsymmetricAlgorithm key = options.KeyType == CertificateKeyType.Rsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedName("CN=" + names.CommonName);
        var request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        AddExtensions(request, names);
        using var certificate = request.CreateSelfSigned(notBefore, notAfter);

        // Windows can't serve TLS with an ephemeral key (EphemeralKeySet): import from a PFX stores the key in a file until disposal.
        return new X509Certificate2(certificate.Export(X509ContentType.Pfx), (string?)null, X509KeyStorageFlags.Exportable);
#else
        _ = (names, notBefore, notAfter);
        throw new SocketToolsException(SocketToolsError.NotSupported, Messages.Get("SelfSignedNotSupported"));
#endif
    }

#if NET
    /// <summary>
    /// What RFC 5280 asks of a certificate of a server, but for the key usage: LibreSSL, which is macOS's curl, takes a certificate
    /// with one for its own trust anchor only when it may sign others. And it is no CA: rustls and Firefox take none from a server.
    /// </summary>
    private static void AddExtensions(CertificateRequest request, SubjectNames names)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var host in names.Hosts)
        {
            alternatives.AddDnsName(host);
        }

        foreach (var address in names.Addresses)
        {
            alternatives.AddIpAddress(address);
        }

        var keyIdentifier = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        request.CertificateExtensions.Add(keyIdentifier);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(keyIdentifier));
    }
#endif
}
